using System.Collections.Immutable;
using System.Text;
using Superfactory.Site.Interop;

namespace Superfactory.Cli.Chaos;

/// <summary>Finds the processes of a run under faults by a mark in their environment. Thread-safe.</summary>
internal sealed class ChaosTargets
{
    private const string Variable = "CHAOS_RUN";

    private readonly string _value = Guid.NewGuid().ToString("N");

    /// <summary>What every process of the run gets, and by inheritance all that it starts.</summary>
    public KeyValuePair<string, string> Mark => new(Variable, _value);

    /// <summary>Everything of the run that is alive: process id and command line.</summary>
    public ImmutableArray<(int Id, string Command)> Alive() =>
        [.. from entry in ProcessTable.Read().Entries
            where entry.IsAlive && entry.Id != Environment.ProcessId && ProcessTable.EnvironmentHolds(entry.Id, Variable, _value)
            select (entry.Id, CommandOf(entry.Id))];

    /// <summary>A site's trainer; 0 where there is none now.</summary>
    public int Trainer(string site) => Find(static command => command.Contains("chaos_trainer.py", StringComparison.Ordinal), site);

    /// <summary>A site's bridge; 0 where there is none now.</summary>
    public int Bridge(string site) => Find(static command => command.Contains(" bridge --config ", StringComparison.Ordinal), site);

    /// <summary>All processes of a site's gang: its supervisor first, then its bridge and its trainers; empty where it has none now.</summary>
    public ImmutableArray<int> Island(string site) =>
        [.. Alive().Where(process => process.Command.Contains(" gang --spec ", StringComparison.Ordinal) && process.Command.Contains($"/sites/{site}/gangs/", StringComparison.Ordinal))
            .Select(static process => process.Id), .. new[] { Bridge(site), Trainer(site) }.Where(static id => id > 0)];

    private int Find(Func<string, bool> isIt, string site) =>
        Alive().Where(process => isIt(process.Command) && ProcessTable.EnvironmentHolds(process.Id, "SUPERFACTORY_GANG_DIRECTORY", string.Empty)
                && EnvironmentOf(process.Id).Contains($"/sites/{site}/gangs/", StringComparison.Ordinal))
            .Select(static process => process.Id).FirstOrDefault();

    private static string CommandOf(int id) => Read(id, "cmdline").Replace('\0', ' ');

    private static string EnvironmentOf(int id) => Read(id, "environ");

    private static string Read(int id, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{id}/{file}"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has ended since it was listed.
            return string.Empty;
        }
    }
}
