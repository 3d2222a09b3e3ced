using System.Diagnostics;
using Superfactory.Model.Wan;

namespace Superfactory.Wan.Tests.Links;

/// <summary>A connection for data that carries none is not asked for signs of life.</summary>
public sealed class QuietConnectionTests
{
    /// <summary>Of the first connection: a hundred heartbeats and more.</summary>
    private const int HeartbeatBytes = 100 * 52;

    [Fact]
    public async Task Connection_that_carries_no_data_falls_silent_once_all_has_arrived_and_carries_what_comes_next()
    {
        await using var link = await TwoConnections.OpenAsync();
        await link.SendAsync(1);
        await link.IdleAsync();

        await link.SendAsync(2);
        await link.IdleAsync();
        link.Reconnects.ShouldBe(0);
    }

    [Fact]
    public async Task What_a_silent_connection_loses_goes_over_the_other_one()
    {
        await using var link = await TwoConnections.OpenAsync();
        await link.SendAsync(1);
        await link.IdleAsync();

        link.Data.Swallows = true;
        await link.SendAsync(2);
        while (link.Reconnects == 0)
        {
            await Task.Delay(1, TwoSites.Token);
        }

        await link.SendAsync(3);
    }

    [Fact]
    public async Task Link_that_falls_silent_as_a_whole_is_given_up_with_its_silent_connection()
    {
        await using var link = await TwoConnections.OpenAsync();
        await link.SendAsync(1);
        await link.IdleAsync();

        link.Control.Swallows = true;
        link.Data.Swallows = true;
        while (link.Reconnects < 2)
        {
            await Task.Delay(1, TwoSites.Token);
        }

        await link.SendAsync(2);
    }

    /// <summary>Two gateways with a connection for control and one for data.</summary>
    private sealed class TwoConnections : IAsyncDisposable
    {
        private readonly MemorySite _atlanta = new("atlanta", MemorySite.Quick with { Shifts = 1, SuspectAfter = TimeSpan.FromSeconds(0.2), SilenceMax = TimeSpan.FromSeconds(0.5) }, streams: 2);
        private readonly MemorySite _wisconsin = new("wisconsin", MemorySite.Quick with { Shifts = 1, SuspectAfter = TimeSpan.FromSeconds(0.2), SilenceMax = TimeSpan.FromSeconds(0.5) }, streams: 2);
        private readonly List<MemoryWire> _wires = [];
        private GatewayClient _from = null!;
        private GatewayClient _to = null!;

        /// <summary>The first one that was made.</summary>
        public MemoryWire Control => _wires[0];

        /// <summary>The second.</summary>
        public MemoryWire Data => _wires[1];

        public long Reconnects => _wisconsin.Report.Reconnects;

        public static async Task<TwoConnections> OpenAsync()
        {
            var link = new TwoConnections();
            link._from = await link._atlanta.ConnectAsync("a");
            link._to = await link._wisconsin.ConnectAsync("b");
            link._wisconsin.Join(link._atlanta, () => throw new InvalidOperationException("The other side dials."));
            link._atlanta.Join(link._wisconsin, link.Dial);
            await link._from.WatchUntilUpAsync(link._to.Self);
            while (link._wisconsin.Report.Streams < 2 || link._atlanta.Report.Streams < 2)
            {
                await Task.Delay(1, TwoSites.Token);
            }

            return link;
        }

        /// <summary>Sends a message of merges, and takes it.</summary>
        public async Task SendAsync(byte content)
        {
            (await _from.SendAsync(_to.Self, TrafficClass.Merge, new byte[] { content }, default, TwoSites.Token)).ShouldBeTrue();
            GatewayEvent next;
            do
            {
                next = await _to.Events.ReadAsync(TwoSites.Token).AsTask().WaitAsync(TwoSites.Patience, TwoSites.Token);
            }
            while (next is GatewayEvent.EndpointUp);
            next.ShouldBeOfType<GatewayEvent.Delivered>().Message.ToArray().ShouldBe([content]);
        }

        /// <summary>Waits until nothing goes over the data's connection while many heartbeats go over the other.</summary>
        public async Task IdleAsync()
        {
            var began = Stopwatch.GetTimestamp();
            var (data, control) = (Data.Carried, Control.Carried);
            while (Control.Carried - control < HeartbeatBytes)
            {
                if (Data.Carried != data)
                {
                    (data, control) = (Data.Carried, Control.Carried);
                }

                Stopwatch.GetElapsedTime(began).ShouldBeLessThan(TwoSites.Patience, "until the connection is quiet");
                await Task.Delay(1, TwoSites.Token);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _from.DisposeAsync();
            await _to.DisposeAsync();
            await _atlanta.DisposeAsync();
            await _wisconsin.DisposeAsync();
        }

        private MemoryWire Dial()
        {
            var wire = new MemoryWire();
            lock (_wires)
            {
                _wires.Add(wire);
            }

            return wire;
        }
    }
}
