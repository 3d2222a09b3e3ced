using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Jobs;

/// <summary><c>superfactory decisions ID</c> and <c>replay N</c>.</summary>
internal static class ReplayCommands
{
    /// <summary>Makes <c>decisions ID</c>.</summary>
    public static Command Decisions(ControlOption control, Terminal terminal)
    {
        var (id, json) = (Settings.Job(), Settings.Json());
        var command = new Command("decisions", "List what was decided about a job, and why.") { id, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
            terminal.Show(await client.PlansAsync(parsed.GetValue(id), cancellation), parsed.GetValue(json), plans => List(plans, terminal.Time.LocalTimeZone))));
        return command;
    }

    /// <summary>Makes <c>replay N</c>.</summary>
    public static Command Replay(ControlOption control, Terminal terminal)
    {
        var (number, json) = (Settings.Number("N", "The plan's number in the journal, as 'superfactory decisions' lists it.", "a plan", "superfactory decisions"), Settings.Json());
        var command = new Command("replay", "Decide a recorded plan again from what it saw, and show any difference.") { number, json };
        command.SetAction((parsed, cancellation) => control.WithClientAsync(parsed, terminal, async client =>
        {
            var answer = await client.ReplayAsync(parsed.GetValue(number), cancellation);
            var shown = terminal.Show(answer, parsed.GetValue(json), Compare);
            return shown == ExitCode.Done && !answer.Value!.IsSame ? ExitCode.JobFailed : shown;
        }));
        return command;
    }

    /// <summary>A comparison as lines: what is only in the journal after a minus, what is only decided today after a plus.</summary>
    internal static ImmutableArray<string> Compare(ReplayView replay)
    {
        var head = $"record {replay.Record}, decided upon records 1 to {replay.Seen} by {replay.Rules}, again by {replay.RulesNow}: ";
        return replay.IsSame
            ? [$"{head}the same {replay.Recorded.Length} records, byte for byte."]
            : [$"{head}different.", .. replay.Recorded.Except(replay.Decided).Select(static line => $"- {line}"), .. replay.Decided.Except(replay.Recorded).Select(static line => $"+ {line}"),
                .. replay.Recorded.Order(StringComparer.Ordinal).SequenceEqual(replay.Decided.Order(StringComparer.Ordinal), StringComparer.Ordinal) ? ["The records are the same in another order."] : ImmutableArray<string>.Empty];
    }

    private static ImmutableArray<string> List(RecordedPlanView[] plans, TimeZoneInfo zone) => plans.Length == 0 ? ["Nothing was decided about it."] : Table.Lines(
        [" RECORD", "TIME", "WHAT", "WHY"],
        plans.Select(plan => ImmutableArray.Create(plan.Record.ToString(CultureInfo.InvariantCulture), MomentText.Write(plan.AtUnixMilliseconds, zone), plan.Kind, plan.Reason)));
}
