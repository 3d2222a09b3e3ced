using System.Collections.Immutable;
using System.Text.Json;
using Superfactory.Core.Planning;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Views;

namespace Superfactory.Core;

/// <summary>Decides recorded plans again. Pure.</summary>
public static class PlanReplay
{
    /// <summary>The most records that one plan is compared over.</summary>
    public const int RecordsMax = 100_000;

    /// <summary>What a record is, such as <c>job-started</c>.</summary>
    public static string KindOf(JournalRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        using var json = JsonDocument.Parse(record.ToJson());
        return json.RootElement.GetProperty("record").GetString()!;
    }

    /// <summary>Decides again upon what a plan saw, and compares byte for byte.</summary>
    /// <param name="number">The plan's number in the journal.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="seen">The fold of all records up to <see cref="PlanRecord.Seen"/>.</param>
    /// <param name="recorded">The records after those, in order.</param>
    public static ReplayView Decide(long number, PlanRecord plan, FactoryState seen, IEnumerable<JournalRecord> recorded)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(seen);
        ArgumentNullException.ThrowIfNull(recorded);
        var draft = new Draft(seen, plan.At);
        Planner.Plan(draft);

        // What the rules of today call themselves is no difference by itself.
        ImmutableArray<string> decided = [.. draft.TakeRecords().Select(record => (record is PlanRecord again ? again with { Rules = plan.Rules } : record).ToJson())];
        ImmutableArray<string> before = [.. recorded.TakeWhile((record, index) => index < RecordsMax && (index < decided.Length || record is PlanRecord { Seen: var saw } && saw == plan.Seen)).Select(static record => record.ToJson())];
        return new ReplayView
        {
            Record = number, Seen = plan.Seen, AtUnixMilliseconds = plan.At, Rules = plan.Rules ?? "unknown", RulesNow = Planner.Rules,
            IsSame = decided.SequenceEqual(before, StringComparer.Ordinal), Recorded = before, Decided = decided,
        };
    }
}
