using System.Globalization;
using System.Text.Json;
using Superfactory.Model;
using Superfactory.Model.Jobs;

namespace Superfactory.Sync.BridgePair;

/// <summary>What the program is told on its command line.</summary>
/// <param name="Islands">The islands' names, in the job's order.</param>
/// <param name="Job">The job.</param>
/// <param name="Directory">Where sockets and shared memory are made, and checkpoints of a job that is held.</param>
/// <param name="From">The directory of an earlier program, whose checkpoints the bridges go on from; null where the run begins.</param>
/// <param name="Round">The round of those.</param>
internal sealed record PairOptions(string[] Islands, JobSpecification Job, string Directory, string? From, string? Round)
{
    /// <summary>The options in <paramref name="arguments"/>, or what is wrong with them.</summary>
    public static Outcome<PairOptions> Parse(string[] arguments)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var index = 0; index + 1 < arguments.Length; index += 2)
        {
            given[arguments[index]] = arguments[index + 1];
        }

        if (!given.TryGetValue("--job", out var file) || !given.TryGetValue("--directory", out var directory) || !System.IO.Directory.Exists(directory))
        {
            return new([new Problem("Expected --job FILE and --directory DIR, a directory that exists; --islands N, and --from DIR with --round R, are optional.")]);
        }

        var job = Read(file);
        if (!job.Succeeded)
        {
            return new(job.Problems);
        }

        var sites = job.Value.Sites;
        var count = given.TryGetValue("--islands", out var text)
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : Math.Max(sites.Length, job.Value.SiteCount);
        var names = Enumerable.Range(0, count).Select(index => sites.Length == count ? sites[index] : $"site-{index}").ToArray();
        return new(new PairOptions(names, job.Value with { Sites = [.. names], SiteCount = 0 }, Path.GetFullPath(directory), given.GetValueOrDefault("--from"), given.GetValueOrDefault("--round")));
    }

    private static Outcome<JobSpecification> Read(string file)
    {
        var text = File.ReadAllText(file);
        return Path.GetExtension(file) == ".json"
            ? new(JsonSerializer.Deserialize<JobSpecification>(text, FactoryJson.Options)!)
            : JobFile.Parse(text, file);
    }
}
