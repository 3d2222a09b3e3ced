using Superfactory.Model.Wan;

namespace Superfactory.Wan.Tests.Links;

public sealed class FailingDialTests
{
    [Fact]
    public async Task Dialling_that_fails_in_a_way_nobody_thought_of_is_told_and_goes_on()
    {
        await using var texas = new MemorySite("texas");
        await using var wisconsin = new MemorySite("wisconsin");
        await using var t = await texas.ConnectAsync("t");
        await using var w = await wisconsin.ConnectAsync("w");
        var dialled = 0;
        wisconsin.Join(texas, () => throw new InvalidOperationException("The other side dials."));
        texas.Join(wisconsin, () => Interlocked.Increment(ref dialled) <= 3 ? throw new NotSupportedException("as it happens") : new MemoryWire());

        await t.WatchUntilUpAsync(w.Self);

        (await t.SendAsync(w.Self, TrafficClass.Merge, new byte[10], default, TwoSites.Token)).ShouldBeTrue();
        texas.Notices.Count(notice => notice.Kind == GatewayNoticeKind.Failure && notice.Text.Contains("as it happens")).ShouldBe(1);
    }
}
