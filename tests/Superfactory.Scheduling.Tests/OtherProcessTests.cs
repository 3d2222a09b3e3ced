using System.Security.Cryptography;
using System.Text;
using Superfactory.Tests;

namespace Superfactory.Scheduling.Tests;

/// <summary>The same input gives the same plans in another process, in which strings have other hashes; and a choice that goes by these is found.</summary>
public sealed class OtherProcessTests
{
    private const int Lives = 30, LivesOfBug = 5, Steps = 40;

    [Fact]
    public async Task Plans_are_the_same_in_another_process_and_one_that_goes_by_the_order_of_hashes_is_found()
    {
        var (plans, byHash) = (Plans(static (_, request) => request, Lives), Plans(ByHash, LivesOfBug));
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
    private static GangRequest ByHash(World world, GangRequest request) =>
        request with { PreferredSites = [.. world.Fleet.Sites.Select(static site => site.Name).OrderBy(site => $"{site} {request.Job}".GetHashCode(StringComparison.Ordinal))] };

    /// <summary>The SHA-256 of all that is decided in some lives.</summary>
    private static string Plans(Func<World, GangRequest, GangRequest> change, int lives)
    {
        var text = new StringBuilder();
        for (var seed = 1; seed <= lives; seed++)
        {
            var world = new World(seed, mixed: seed % 2 == 0);
            for (var step = 0; step < Steps; step++)
            {
                world.Now += 1 + world.Next(500);
                if (world.State.Running.Count > 0 && world.Next(3) == 0)
                {
                    world.State.Stop(world.State.Running.Keys.Order().ElementAt(world.Next(world.State.Running.Count)));
                }

                var plan = world.Scheduler.Decide(change(world, world.Request()), world.Now);
                world.State.Apply(plan, world.Now);
                text.Append(World.Digest(plan)).Append('\n');
            }
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
