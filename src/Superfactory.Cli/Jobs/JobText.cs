using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Cli.CommandLine;
using Superfactory.Cli.Display;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Model.Units;
using Superfactory.Model.Views;

namespace Superfactory.Cli.Jobs;

/// <summary>Writes jobs as lines of text. Pure.</summary>
internal static class JobText
{
    /// <summary>A table of jobs.</summary>
    public static ImmutableArray<string> List(IReadOnlyList<JobView> jobs) => jobs.Count == 0
        ? ["There is no job. Submit one with 'superfactory submit JOB.yaml'."]
        : Table.Lines(
            [" ID", "NAME", "STATE", " DONE", "SITES", "WHY"],
            jobs.Select(static job => ImmutableArray.Create(
                job.Id.ToString(CultureInfo.InvariantCulture),
                Name(job),
                RunDisplayText.StateName(job.State),
                job.Progress.ToString("0 %", CultureInfo.InvariantCulture),
                Sites(job),
                job.Reason)));

    /// <summary>A job's name, with its place where it is an element of an array or a gang of a role.</summary>
    public static string Name(JobView job) => job.Array is { } array ? string.Create(CultureInfo.InvariantCulture, $"{job.Name}[{array.Element}]")
        : job.Role is { } role ? string.Create(CultureInfo.InvariantCulture, $"{job.Name}/{role.Role}[{role.Gang}]") : job.Name;

    /// <summary>Everything about one job.</summary>
    public static ImmutableArray<string> Details(JobView job)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        lines.Add($"job {job.Id}  {Name(job)}  {RunDisplayText.StateName(job.State)}: {job.Reason}");
        lines.Add($"  submitted  {Moment(job.SubmittedUnixMilliseconds)}");
        lines.Add($"  started    {Moment(job.StartedUnixMilliseconds)}");
        lines.Add($"  ended      {Moment(job.EndedUnixMilliseconds)}");
        lines.Add($"  progress   {job.Progress.ToString("0.0 %", CultureInfo.InvariantCulture)}{(job.Epoch is null ? string.Empty : $", epoch {job.Epoch.Number}")}");
        if (job.Islands.FirstOrDefault(static island => island.Progress?.Ledger is not null)?.Progress?.Ledger is { } ledger)
        {
            var what = job.Specification.Sync.Mode == SyncMode.Streaming ? " (pairs of a sample and a fragment)"
                : ledger.Replayed > 0 ? " (pairs of a sample and a fragment, in streaming)" : string.Empty;
            lines.Add($"  samples    {ledger.Planned} planned = {ledger.Merged} merged + {ledger.InFlight} in flight + {ledger.Free} free; {ledger.Replayed} replayed{what}");
        }

        if (job.Merging is { } merging)
        {
            lines.Add($"  merging    {RunDisplayText.Merging(merging)}");
            lines.Add($"             {merging.Reason}");
        }

        lines.AddRange(Table.Lines(
            ["SITE", "STATE", " STEPS", " TOKENS", " MERGES", " LOSS", " WAN SENT", " RESTARTS", "WHY"],
            job.Islands.Select(static island => ImmutableArray.Create(
                island.Site,
                island.State?.ToString().ToLowerInvariant() ?? "–",
                RunDisplayText.Number(island.Progress?.Steps),
                RunDisplayText.Number(island.Progress?.Tokens),
                RunDisplayText.Number(island.Progress?.Rounds),
                RunDisplayText.Loss(island.Progress?.IslandLoss),
                ByteCount.Format(island.WanBytesSent),
                RunDisplayText.Number(island.TrainerRestarts),
                island.Reason ?? island.Progress?.Waiting ?? string.Empty)),
            indent: 2));
        foreach (var island in job.Islands.Where(static island => island.Accelerators is not null || island.Hardware is not null || !island.Places.IsEmpty))
        {
            const int Named = 8;
            var places = island.Places.Length > Named ? $"{string.Join(", ", island.Places.Take(Named))} and {island.Places.Length - Named} more" : string.Join(", ", island.Places);
            var what = string.Join(' ', new[] { island.Accelerators is { } count ? string.Create(CultureInfo.InvariantCulture, $"{count:#,0}") : null, island.Hardware ?? (island.Accelerators is null ? null : places.Length == 0 ? "slots" : "accelerators") }.OfType<string>());
            lines.Add($"  {island.Site}: {(what.Length == 0 ? places : places.Length == 0 ? what : $"{what} in {places}")}");
        }

        foreach (var island in job.Islands.Where(static island => island.Progress is { PeerFaults: > 0 }))
        {
            lines.Add($"  {island.Site}: refused {RunDisplayText.Number(island.Progress!.PeerFaults)} of what others sent to its bridge, last of {island.Progress.PeerFault}");
        }

        lines.AddRange(RefusalText.Of(job));
        foreach (var island in job.Islands.Where(static island => island.Result is not null))
        {
            lines.Add($"  {island.Site}: parameters {island.Result!.ParametersSha256}{(island.Result.OutputDirectory is { } output ? $", saved in {output}" : string.Empty)}");
        }

        return lines.ToImmutable();
    }

    /// <summary>A log line with who wrote it.</summary>
    public static string Log(LogLine line) =>
        $"{line.Island}/{line.Source}{(line.Source == "trainer" ? $"/{line.Rank}" : string.Empty)}: {line.Text}";

    private static string Sites(JobView job) => job.Islands.IsEmpty
        ? job.Specification.Sites.IsEmpty ? $"any {job.Specification.SiteCount}" : string.Join(',', job.Specification.Sites)
        : string.Join(',', job.Islands.Select(static island => island.Site));

    private static string Moment(long? unixMilliseconds) => unixMilliseconds is { } milliseconds
        ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)
        : "–";
}
