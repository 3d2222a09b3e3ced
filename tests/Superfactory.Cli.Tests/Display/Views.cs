using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Tests.Display;

/// <summary>Jobs as the API would show them.</summary>
internal static class Views
{
    public static JobView Job(JobState state = JobState.Running, string reason = "trains", double progress = 0, params ImmutableArray<IslandView> islands) => new()
    {
        Id = 7,
        Name = "docs-gpt",
        State = state,
        Reason = reason,
        Progress = progress,
        SubmittedUnixMilliseconds = 1_000_000,
        Islands = islands,
        Specification = new JobSpecification
        {
            Name = "docs-gpt",
            Sites = ["wisconsin", "atlanta"],
            Budget = new BudgetSpecification { Steps = 400 },
        },
    };

    public static IslandView Island(string site, long steps = 0, long rounds = 0, long wan = 0, string? waiting = null) => new()
    {
        Site = site,
        Incarnation = 1,
        State = GangState.Running,
        Progress = new RunProgress { Steps = steps, StepsPlanned = 400, Rounds = rounds, Waiting = waiting, Ledger = new LedgerTotals(12800, 6400, 960, 5440) },
        WanBytesSent = wan,
    };

    public static Measurement Measured(string site, long step, double loss, double speed) => new()
    {
        Job = 7,
        Island = site,
        UnixMilliseconds = 0,
        Step = step,
        Values = ImmutableSortedDictionary<string, double>.Empty.Add("loss", loss).Add("tokens_per_second", speed),
    };
}
