using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Superfactory.Cli.Factory;

/// <summary>How this program starts itself again as another process.</summary>
internal static class Self
{
    /// <summary>The program: the native launcher beside this assembly, or <c>dotnet</c> with this assembly where there is none.</summary>
    public static ImmutableArray<string> Command()
    {
        var assembly = typeof(Self).Assembly.Location;
        var launcher = Path.Combine(Path.GetDirectoryName(assembly)!, Path.GetFileNameWithoutExtension(assembly));
        return File.Exists(launcher) ? [launcher] : [Path.Combine(DotnetRoot(), "dotnet"), assembly];
    }

    /// <summary>
    /// Variables that it needs: the .NET that runs this process is the one that runs the next. What it starts lives long and has merges to
    /// answer within milliseconds from the first on: methods are compiled in full when they are first called, instead of quickly and
    /// then again and again beside the work while they are found to be used.
    /// </summary>
    public static ImmutableSortedDictionary<string, string> Environment() =>
        ImmutableSortedDictionary<string, string>.Empty.Add("DOTNET_ROOT", DotnetRoot()).Add("DOTNET_TieredCompilation", "0");

    private static string DotnetRoot() => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
}
