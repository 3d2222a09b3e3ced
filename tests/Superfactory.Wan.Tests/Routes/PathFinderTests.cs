using Superfactory.Wan.Frames;
using Superfactory.Wan.Routes;

namespace Superfactory.Wan.Tests.Routes;

public sealed class PathFinderTests
{
    [Fact]
    public void Best_way_has_the_least_round_trip()
    {
        var states = States(("a", "b", 50_000), ("a", "c", 10_000), ("c", "b", 10_000), ("b", "d", 1_000));
        PathFinder.Best("a", "b", states.LinksOf).ShouldNotBeNull().ShouldBe(["a", "c", "b"]);
        PathFinder.Best("a", "d", states.LinksOf).ShouldNotBeNull().ShouldBe(["a", "c", "b", "d"]);
        PathFinder.Best("a", "nowhere", states.LinksOf).ShouldBeNull();
    }

    [Fact]
    public void Link_counts_where_both_ends_say_so()
    {
        var states = States(("a", "b", 1000));
        states.IsUp("a", "b").ShouldBeTrue();
        states.Accept(new LinkStatePayload("b", 2, [])).ShouldBeTrue();
        states.IsUp("a", "b").ShouldBeFalse();
        PathFinder.Best("a", "b", states.LinksOf).ShouldBeNull();
    }

    [Fact]
    public void State_that_is_older_than_what_is_known_is_no_news()
    {
        var states = new LinkStates();
        states.Accept(new LinkStatePayload("a", 5, [])).ShouldBeTrue();
        states.Accept(new LinkStatePayload("a", 5, [])).ShouldBeFalse();
        states.Accept(new LinkStatePayload("a", 4, [])).ShouldBeFalse();
        states.Accept(new LinkStatePayload("a", 6, [])).ShouldBeTrue();
    }

    [Fact]
    public void Way_that_is_longer_than_a_route_can_say_is_none()
    {
        var sites = Enumerable.Range(0, 12).Select(index => $"s{index:00}").ToArray();
        var states = States([.. sites.Zip(sites.Skip(1), (one, other) => (one, other, 1000))]);
        PathFinder.Best("s00", "s09", states.LinksOf).ShouldNotBeNull().Length.ShouldBe(10);
        PathFinder.Best("s00", "s10", states.LinksOf).ShouldBeNull();
    }

    private static LinkStates States(params (string One, string Other, int Microseconds)[] links)
    {
        var states = new LinkStates();
        foreach (var site in links.SelectMany(link => new[] { link.One, link.Other }).Distinct())
        {
            states.Accept(new LinkStatePayload(
                site,
                1,
                [
                    .. links.Where(link => link.One == site).Select(link => new LiveLink(link.Other, link.Microseconds)),
                    .. links.Where(link => link.Other == site).Select(link => new LiveLink(link.One, link.Microseconds)),
                ]));
        }

        return states;
    }
}
