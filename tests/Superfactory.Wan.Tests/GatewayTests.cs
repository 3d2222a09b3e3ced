using System.Buffers.Binary;
using Superfactory.Model.Wan;

namespace Superfactory.Wan.Tests;

public sealed class GatewayTests
{
    [Fact]
    public async Task Messages_between_two_sites_arrive_once_and_in_order()
    {
        await using var sites = await TwoSites.StartAsync();
        await using var a = await sites.ConnectAsync("atlanta", "run/1/lane/0");
        await using var b = await sites.ConnectAsync("wisconsin", "run/1/lane/0");
        var up = await a.WatchUntilUpAsync(b.Self);
        up.Address.ShouldBe(b.Self);
        up.Registration.ShouldBe(b.Registration);

        const int Count = 300;
        var payload = new byte[200_000];
        var sending = Task.Run(
            async () =>
        {
            for (var index = 0; index < Count; index++)
            {
                var header = new byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(header, index);
                (await a.SendAsync(b.Self, TrafficClass.Merge, header, payload.AsMemory(0, index * 37 % payload.Length), TwoSites.Token)).ShouldBeTrue();
            }
        },
            TwoSites.Token);

        (await b.NextAsync<GatewayEvent.EndpointUp>()).Address.ShouldBe(a.Self);
        for (var index = 0; index < Count; index++)
        {
            var delivered = await b.NextAsync<GatewayEvent.Delivered>();
            delivered.From.ShouldBe(a.Self);
            BinaryPrimitives.ReadInt32LittleEndian(delivered.Message.Span).ShouldBe(index);
            delivered.Message.Length.ShouldBe(4 + (index * 37 % payload.Length));
            delivered.Release();
        }

        await sending;
        await a.DisposeAsync();
        (await b.NextAsync<GatewayEvent.EndpointDown>()).Address.ShouldBe(a.Self);
        var report = sites.Wisconsin.LinkReports().ShouldHaveSingleItem();
        report.Peer.ShouldBe("atlanta");
        report.Connected.ShouldBeTrue();
        report.FramesRefused.ShouldBe(0);
    }
}
