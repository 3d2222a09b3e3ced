using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Routes;
using Superfactory.Wan.Sessions;
using Superfactory.Wan.Sharing;

namespace Superfactory.Wan.Tests.Routes;

/// <summary>Connections for data work in shifts, so that BBR never drains one in the middle of what it sends.</summary>
public sealed class StreamShiftsTests
{
    public static TheoryData<int> Seeds => [1, 2, Environment.TickCount];

    /// <summary>How long BBR keeps the least round trip that it saw: Linux, <c>tcp_bbr.c</c>, <c>bbr_min_rtt_win_sec</c>.</summary>
    private const double RoundTripKeptSeconds = 10;

    [Theory]
    [MemberData(nameof(Seeds))]
    public void No_connection_sends_for_as_long_as_BBR_keeps_a_round_trip_nor_begins_with_one_that_is_kept(int seed)
    {
        var random = new Random(seed);
        var shifts = new StreamShifts(StreamShifts.CountDefault, StreamShifts.LengthDefault.Ticks);
        var (now, current, began) = (0.0, 0, 0.0);
        var sentAt = new double?[StreamShifts.CountDefault];
        for (var sent = 0; sent < 10_000; sent++)
        {
            // Mostly steady, with idle times of all lengths.
            now += random.Next(20) == 0 ? 30 * random.NextDouble() : 0.2 * random.NextDouble();
            var changed = shifts.Begins((long)(now * TimeSpan.TicksPerSecond));
            changed.ShouldBe(shifts.Current != current);
            current = shifts.Current;
            var rested = now - sentAt[current];
            began = rested > RoundTripKeptSeconds || rested is null ? now : began;
            changed.ShouldBe(changed && began == now);
            (now - began).ShouldBeLessThan(RoundTripKeptSeconds);
            sentAt[current] = now;
        }
    }

    [Fact]
    public void Connection_that_has_rested_goes_on()
    {
        var shifts = new StreamShifts(3, 10);
        shifts.Begins(0).ShouldBeFalse();
        shifts.Begins(9).ShouldBeFalse();
        shifts.Begins(29).ShouldBeFalse();
        shifts.Current.ShouldBe(0);
        shifts.Begins(39).ShouldBeTrue();
        shifts.Current.ShouldBe(1);
    }

    [Fact]
    public void Shifts_change_in_the_first_pause_that_empties_a_queue()
    {
        var shifts = new StreamShifts(3, 600);
        for (var now = 0; now < 600; now += 10)
        {
            shifts.Begins(now).ShouldBeFalse();
        }

        shifts.Begins(609).ShouldBeFalse();
        shifts.Begins(629).ShouldBeTrue();
        shifts.Current.ShouldBe(1);
    }

    [Fact]
    public void Shift_without_a_pause_ends_half_as_long_again_later()
    {
        var shifts = new StreamShifts(3, 600);
        for (var now = 0; now < 900; now += 10)
        {
            shifts.Begins(now).ShouldBeFalse();
        }

        shifts.Begins(900).ShouldBeTrue();
        shifts.Current.ShouldBe(1);
    }

    [Fact]
    public void One_place_has_as_many_connections_as_there_are_shifts_and_control_has_one()
    {
        int[] streams = [1, 2, 3];
        streams.Select(static count => StreamShifts.Connections(count, 3)).ShouldBe([1, 4, 7]);
        var shifts = new StreamShifts(3, 1);
        Enumerable.Range(1, 6).Select(shifts.Of).ShouldBe([0, 1, 2, 0, 1, 2]);
    }

    [Fact]
    public void Data_leaves_over_the_connections_of_one_shift_which_wakes_the_next()
    {
        var port = new BusyPort(connections: 4);
        port.SendersAt(0).ShouldBe([1]);
        port.SendersAt(9).ShouldBe([1]);
        port.SendersAt(10).ShouldBe([2]);
        port.SendersAt(20).ShouldBe([3]);
        port.SendersAt(30).ShouldBe([1]);
    }

    [Fact]
    public void Shift_whose_connections_are_silent_is_taken_by_the_next()
    {
        var port = new BusyPort(connections: 4);
        port.SendersAt(0).ShouldBe([1]);
        port.Streams[1].IsSuspect = true;
        port.SendersAt(1).ShouldBe([2]);
        port.Streams[2].IsSuspect = true;
        port.SendersAt(2).ShouldBe([3]);
        port.Streams[3].IsSuspect = true;
        port.SendersAt(3).ShouldBe([0]);
    }

    [Fact]
    public void Data_leaves_over_what_is_left_where_the_first_connection_is_silent()
    {
        var port = new BusyPort(connections: 4);
        port.Streams[0].IsSuspect = true;
        port.SendersAt(0).ShouldBe([2]);
    }

    /// <summary>A link that always has a merge to send.</summary>
    private sealed class BusyPort
    {
        private readonly LinkPort _port = new("iowa", new ClassFloors(), new StreamShifts(3, 10));

        public BusyPort(int connections)
        {
            Streams = [.. Enumerable.Range(0, connections).Select(static number => new StreamPort(number + 1, number))];
            foreach (var stream in Streams)
            {
                _port.Open(stream);
            }
        }

        public StreamPort[] Streams { get; }

        /// <summary>The numbers of the connections that took a frame, until none does.</summary>
        public List<int> SendersAt(long now)
        {
            var frame = Frame.Create(FrameType.Message, TrafficClass.Merge, PooledBuffer.Rent(10));
            _port.Relay.TryAdd(new OutgoingFrame(frame.Header, [], frame.Payload));
            List<int> senders = [];
            foreach (var stream in Streams.Concat(Streams))
            {
                while (_port.TryTake(stream, now, out var taken))
                {
                    taken.Payload.Release();
                    senders.Add(stream.Number);
                }
            }

            return senders;
        }
    }
}
