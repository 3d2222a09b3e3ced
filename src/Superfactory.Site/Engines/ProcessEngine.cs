using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using Superfactory.Model;
using Superfactory.Site.Gangs;
using Superfactory.Site.Interop;
using Superfactory.Site.Processes;

namespace Superfactory.Site.Engines;

/// <summary>
/// Runs gangs as processes of this machine, each below a supervisor process of its own (<c>superfactory gang</c>), so that a gang's
/// life is tied to its supervisor's and not to a thread of the agent. Thread-safe.
/// </summary>
public sealed class ProcessEngine : IEngine
{
    private readonly TimeProvider _clock;

    /// <summary>Makes the engine.</summary>
    /// <param name="clock">Measures limits.</param>
    public ProcessEngine(TimeProvider clock) => _clock = clock;

    /// <summary>The programs that this machine lacks, as sentences; empty where gangs can be started.</summary>
    public static IReadOnlyList<string> MissingPrograms() =>
        [.. new[] { SystemTools.Keeper, SystemTools.SessionMaker }.Where(program => SystemTools.Find(program) is null).Select(SystemTools.Missing)];

    /// <inheritdoc/>
    public Task<Outcome<IGang>> StartAsync(GangSpecification specification, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(specification);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var file = GangFiles.Specification(specification.GangDirectory);
            specification.Save(file);
            var self = specification.Self;
            var plan = new ProcessPlan
            {
                // A session of its own keeps the terminal's Ctrl-C away: the agent ends its gangs in good order.
                Command = [SystemTools.SessionMaker, self.Program, .. self.Arguments, "gang", "--spec", file],
                WorkingDirectory = specification.GangDirectory,
                Environment = new Dictionary<string, string> { [GangFiles.Mark] = specification.GangDirectory }.ToImmutableSortedDictionary(),
            };
            var process = Process.Start(plan.ToStartInfo()) ?? throw new InvalidOperationException("The system started nothing for a gang.");
            var supervisor = new ChildProcess(process);
            var mark = new SupervisorMark(supervisor.Id, supervisor.StartTicks);
            GangFiles.SaveSupervisor(specification.GangDirectory, mark);
            return Task.FromResult(new Outcome<IGang>(new ProcessGang(specification, new ChildSupervisor(supervisor), mark, _clock)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or Win32Exception)
        {
            return Task.FromResult(new Outcome<IGang>([new Problem($"The supervisor of island {specification.Assignment.Island} cannot be started: {error.Message}")]));
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<OrphanedGang>> FindOrphansAsync(string gangsDirectory, CancellationToken cancellationToken)
    {
        var found = new List<OrphanedGang>();
        foreach (var directory in Directory.EnumerateDirectories(gangsDirectory).Order(StringComparer.Ordinal))
        {
            // Without a specification none was ever started there.
            if (GangSpecification.Load(GangFiles.Specification(directory)) is { Succeeded: true, Value: var specification })
            {
                var mark = GangFiles.LoadSupervisor(directory);
                var supervisor = mark is not null && specification.OrphanGraceSeconds > 0 && IsAlive(mark)
                    ? await AdoptedSupervisor.ConnectAsync(GangFiles.SupervisorSocket(specification.RuntimeDirectory), mark, _clock, cancellationToken)
                    : null;
                found.Add(new OrphanedGang(specification, supervisor is null ? null : new ProcessGang(specification, supervisor, mark!, _clock), GangFiles.LoadLast(directory)));
            }
        }

        return found;
    }

    private static bool IsAlive(SupervisorMark mark) => ProcessTable.Find(mark.ProcessId) is { IsAlive: true } entry && entry.StartTicks == mark.StartTicks;

    /// <inheritdoc/>
    public async Task<Outcome<string[]>> EndLeftoversAsync(string gangsDirectory, IReadOnlySet<string> adopted, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(adopted);
        var ended = new List<string>();
        foreach (var gang in Directory.EnumerateDirectories(gangsDirectory).Where(gang => !adopted.Contains(gang)).Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var supervisor = GangFiles.LoadSupervisor(gang);
            if (!GangFiles.HasLeftovers(gang, supervisor))
            {
                continue;
            }

            if (!await GangFiles.EndLeftoversAsync(gang, supervisor, justEnded: false, _clock))
            {
                return new([new Problem(
                    $"Processes of the gang {Path.GetFileName(gang)} that an earlier agent left do not end, though killed.", File: gang,
                    Hint: "Look for processes that hang in a device ('ps' shows state D).")]);
            }

            ended.Add($"Ended what an earlier agent left of the gang {Path.GetFileName(gang)}.");
        }

        return new([.. ended]);
    }
}
