using Superfactory.Scheduling.Pending;

namespace Superfactory.Scheduling.Tests;

/// <summary>
/// A guarantee is given back in a bounded time whoever else comes, takes back, ends or saves slowly: every request that is the first of its queue and within its guarantee is
/// held to the time that was known when it could first have had room, and to what was reported to it.
/// </summary>
public sealed class ReclaimLawTests
{
    private const int Steps = 80;

    // So many times as many lives.
    private static readonly int _times = int.TryParse(Environment.GetEnvironmentVariable("SUPERFACTORY_SEEDS"), out var times) ? times : 1;

    [Fact]
    public void A_guarantee_is_given_back_in_time_whoever_else_comes()
    {
        var claims = 0;
        Law.Holds(400 * _times, seed => claims += Kept(seed));
        claims.ShouldBeGreaterThan(100);
    }

    /// <summary>Lives in which once a start that was reserved long ago, a job of the same queue or a later claim's power took what a claim waited for, or a claim was not looked for again when another was given up.</summary>
    [Theory]
    [InlineData(580)]
    [InlineData(4706)]
    [InlineData(3848)]
    [InlineData(31225)]
    [InlineData(34273)]
    [InlineData(61203)]
    [InlineData(65865)]
    public void What_others_start_with_is_nothing_that_a_claim_waits_for(int seed) => Kept(seed);

    [Fact]
    public void Borrowers_that_may_take_what_an_owner_waits_for_are_found() =>
        Enumerable.Range(1, 40).Sum(static seed =>
        {
            var life = new ReclaimLife(seed, keeps: false);
            life.Live(Steps);
            return life.Broken.Count;
        }).ShouldBeGreaterThan(0);

    private static int Kept(int seed)
    {
        var life = new ReclaimLife(seed, keeps: true);
        life.Live(Steps);
        life.Broken.ShouldBeEmpty($"seed {seed}");
        return life.Claims;
    }
}
