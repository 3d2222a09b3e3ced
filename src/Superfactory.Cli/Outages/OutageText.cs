using System.Collections.Immutable;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Outages;

/// <summary>Writes what is out of service for people. Pure.</summary>
internal static class OutageText
{
    /// <summary>The outages as lines.</summary>
    public static ImmutableArray<string> Lines(IReadOnlyList<OutageView> outages, TimeZoneInfo zone)
    {
        if (outages.Count == 0)
        {
            return ["Nothing is out of service."];
        }

        var lines = ImmutableArray.CreateBuilder<string>();
        foreach (var outage in outages)
        {
            var by = outage is { State: OutageState.Draining, ByUnixMilliseconds: { } time } ? $" by {MomentText.Write(time, zone)}" : string.Empty;
            lines.Add($"{outage.Target}  {Name(outage.State)}{by}, since {MomentText.Write(outage.SinceUnixMilliseconds, zone)}. {outage.Reason}");
            lines.AddRange(outage.Moves.Select(move => $"  job {move.Job}  {MomentText.Write(move.AtUnixMilliseconds, zone)}  {How(move)}"));
            if (outage.Moves.IsEmpty)
            {
                lines.Add("  nothing runs there");
            }
        }

        return lines.ToImmutable();
    }

    private static string Name(OutageState state) => state switch
    {
        OutageState.Draining => "is being drained",
        OutageState.Drained => "is drained",
        OutageState.Failed => "is said to have failed",
        _ => "is quarantined",
    };

    /// <summary>How a job leaves.</summary>
    public static string How(OutageMove move) => move.Kind switch
    {
        OutageMoveKind.Moves => "saves, stops, and is placed anew",
        OutageMoveKind.Shrinks => $"goes on without {string.Join(", ", move.Islands)} until there is room",
        _ => $"stops at {string.Join(", ", move.Islands)}",
    };
}
