using System.Collections.Immutable;
using System.Diagnostics;

namespace Superfactory.Site.Processes;

/// <summary>A process to be started. Immutable.</summary>
internal sealed record ProcessPlan
{
    /// <summary>The program and its arguments.</summary>
    public required ImmutableArray<string> Command { get; init; }

    /// <summary>Where it runs.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>Variables on top of this process's own environment.</summary>
    public ImmutableSortedDictionary<string, string> Environment { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>How this machine's own start information says it, with all three streams redirected.</summary>
    public ProcessStartInfo ToStartInfo()
    {
        var information = new ProcessStartInfo(Command[0], Command.Skip(1))
        {
            WorkingDirectory = WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in Environment)
        {
            information.Environment[name] = value;
        }

        return information;
    }
}
