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

    /// <summary>Variables that it needs: the .NET that runs this process is the one that runs the next.</summary>
    public static ImmutableSortedDictionary<string, string> Environment() =>
        ImmutableSortedDictionary<string, string>.Empty.Add("DOTNET_ROOT", DotnetRoot());

    private static string DotnetRoot() => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
}
