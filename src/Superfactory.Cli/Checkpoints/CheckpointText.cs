using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Display;
using Superfactory.Model.Units;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Checkpoints;

/// <summary>Writes checkpoints as lines of text. Pure.</summary>
internal static class CheckpointText
{
    /// <summary>A table of checkpoints, with a line below it for each copy that something is wrong with.</summary>
    /// <param name="list">The checkpoints.</param>
    /// <param name="now">The time, in milliseconds since 1970-01-01 UTC.</param>
    public static ImmutableArray<string> List(CheckpointList list, long now)
    {
        if (list.Items.IsEmpty)
        {
            return [$"Job {list.Job} has no checkpoint yet."];
        }

        var lines = Table.Lines(
            [" N", " ROUND", " STEPS", " MERGED", " BYTES", " AGE", "STATE", "COPIES"],
            list.Items.Select(checkpoint => ImmutableArray.Create(
                checkpoint.Number.ToString(CultureInfo.InvariantCulture),
                RunDisplayText.Number(checkpoint.Round),
                RunDisplayText.Number(checkpoint.Steps),
                checkpoint.Ledger is { } ledger ? RunDisplayText.Number(ledger.Merged) : "untracked",
                ByteCount.Format(checkpoint.Bytes),
                RunDisplayText.Clock(TimeSpan.FromMilliseconds(Math.Max(0, now - checkpoint.SealedUnixMilliseconds))),
                State(checkpoint),
                string.Join(", ", checkpoint.Copies.Select(Copy)))));
        return lines.AddRange(
            from checkpoint in list.Items
            from copy in checkpoint.Copies
            where copy.Problem is not null
            select $"checkpoint {checkpoint.Number} at {copy.Site}: {copy.Problem}");
    }

    private static string State(CheckpointView checkpoint) => checkpoint switch
    {
        { Expired: not null } => "being deleted",
        { Abandoned: true } => "left behind",
        { Finished: true } => "final",
        { Held: true } => "held",
        _ => "sealed",
    };

    private static string Copy(CheckpointCopyView copy) => copy.Standing switch
    {
        CheckpointStanding.Copying => $"{copy.Site} (on its way)",
        CheckpointStanding.Damaged => $"{copy.Site} (damaged)",
        _ when !copy.Connected => $"{copy.Site} (site is away)",
        _ => copy.VerifiedUnixMilliseconds is not null ? $"{copy.Site} (verified)" : copy.Site,
    };
}
