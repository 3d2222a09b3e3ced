using System.Security.Cryptography;
using System.Text;
using Superfactory.Core.Records;
using Superfactory.Model.Jobs;
using Superfactory.Tests;

namespace Superfactory.Core.Tests.Properties;

/// <summary>The same submissions and events give the same plans in another process, in which strings have other hashes; and a choice that goes by these is found.</summary>
public sealed class OtherProcessTests
{
    private const int Lives = 5, LivesOfBug = 2, Steps = 40;

    [Fact]
    public async Task Plans_are_the_same_in_another_process_and_one_that_goes_by_the_order_of_hashes_is_found()
    {
        var (plans, byHash) = (Plans(static job => job, Lives), Plans(ByHash, LivesOfBug));
        if (OtherProcess.SaysTo is { } file)
        {
            await File.WriteAllTextAsync(file, $"{plans} {byHash}", TestContext.Current.CancellationToken);
            return;
        }

        var other = (await OtherProcess.AskAsync(GetType(), nameof(Plans_are_the_same_in_another_process_and_one_that_goes_by_the_order_of_hashes_is_found))).Split(' ');
        other[0].ShouldBe(plans);
        other[1].ShouldNotBe(byHash);
    }

    /// <summary>The bug: of the sites that would do a job takes the first as a table of names gives them.</summary>
    private static JobSpecification ByHash(JobSpecification job) =>
        job.SiteCount == 0 ? job : job with { PreferredSites = [.. Life.Sites.OrderBy(site => $"{site} {job.Name}".GetHashCode(StringComparison.Ordinal))] };

    /// <summary>The SHA-256 of all plans that are written down in some lives, and of why jobs wait.</summary>
    private static string Plans(Func<JobSpecification, JobSpecification> asked, int lives)
    {
        var text = new StringBuilder();
        for (var seed = 1; seed <= lives; seed++)
        {
            var life = new Life(seed, asked: asked);
            for (var step = 0; step < Steps; step++)
            {
                life.Step();
            }

            text.AppendJoin('\n', life.State.OpenJobs.Select(job => new JobReader(life.State).ReasonOf(life.State.Jobs[job], life.Now)));
            text.AppendJoin('\n', life.Journal.OfType<PlanRecord>().Select(static record => record.ToJson()));
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
