using System.Collections.Immutable;
using System.Reflection;

namespace Superfactory.Site;

/// <summary>How to start the <c>superfactory</c> program, for the processes that the site itself needs (<c>gang</c>, <c>bridge</c>). Immutable.</summary>
/// <param name="Program">The file to execute.</param>
/// <param name="Arguments">What comes before the command's own arguments.</param>
public sealed record SelfCommand(string Program, ImmutableArray<string> Arguments)
{
    /// <summary>The program that is running now, also where it is an assembly that <c>dotnet</c> hosts.</summary>
    /// <exception cref="InvalidOperationException">The system does not say which file this process executes.</exception>
    public static SelfCommand Running()
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The system does not say which file this process executes.");
        return Path.GetFileNameWithoutExtension(program) == "dotnet" && Assembly.GetEntryAssembly()?.Location is { Length: > 0 } assembly
            ? new SelfCommand(program, [assembly])
            : new SelfCommand(program, []);
    }
}
