using Superfactory.Model.Wan;
using Superfactory.Wan.Measuring;
using Superfactory.Wan.Routes;
using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Links;

/// <summary>
/// Looks after one link a few times a second: whether it is to be relied on, what it carries, how many connections it needs, how
/// much may be under way and how much may wait in the kernel. For one caller at a time.
/// </summary>
internal sealed class LinkCare(Link link, LinkLimits limits, Clock clock)
{
    /// <summary>What may wait in the kernel of all connections together: this long at the link's rate, so that what is more urgent waits no longer. A machine with more to do than cores may leave a writer waiting for some milliseconds.</summary>
    private const double NotSentSeconds = 0.008;

    /// <summary>The same while there is bulk alone: what it loses to a machine that is busy hurts nobody, and a merge that begins does not wait for it.</summary>
    private const double NotSentOfBulkSeconds = 0.004;

    private const int NotSentBytesMax = 2 << 20;

    /// <summary>What is under way is measured over two round trips, and the acknowledgement's delay.</summary>
    private const int RoundTripsUnderWay = 2;

    private readonly RateMeter[] _classes = [new(), new(), new()];
    private long _sampledAt;
    private bool _wasFull;

    /// <summary>What a class sent to that site in the last second, over whichever way.</summary>
    public long BytesPerSecond(TrafficClass trafficClass) => _classes[(int)trafficClass].PerSecond;

    /// <summary>Listens, and says under the gateway's lock what came of it.</summary>
    /// <param name="network">The network.</param>
    /// <param name="now">The time, in ticks.</param>
    /// <param name="slept">Whether this process was not running for a while.</param>
    /// <param name="locked">Runs something under the gateway's lock.</param>
    public void Look(Network network, long now, bool slept, Action<Action> locked)
    {
        var heard = link.Listen(now, slept);
        StreamSign[] signs = slept ? [] : [.. link.Streams.Select(static stream => stream.Sign)];
        var moment = Sample();

        // When it was taken, not when this turn began: a busy machine may be some milliseconds in between.
        var sampledAt = clock.Now;
        var seconds = TimeSpan.FromTicks(sampledAt - _sampledAt).TotalSeconds;
        var isBulkAlone = false;
        locked(() =>
        {
            if (network.FindSession(link.Peer) is not { } session)
            {
                return;
            }

            network.Judge(link.Peer, heard is { } at && now - at >= limits.SuspectAfter.Ticks, link.Pulse.RoundTrip.Milliseconds, now);
            network.JudgeStreams(link.Peer, signs);
            network.Port(link.Peer).Retire(link.Pulse.Agreed);
            var isFull = network.Port(link.Peer).IsBacklogged;
            if (_sampledAt > 0)
            {
                var rate = link.Meter.Add(moment, seconds, isFull && _wasFull);
                link.Count.Add(rate, seconds, isFull && _wasFull, now);
                link.Pulse.Wanted = link.Count.Wanted;
            }

            _wasFull = isFull;
            isBulkAlone = network.Port(link.Peer).TakeBulkAlone();
            var delay = (RoundTripsUnderWay * link.Pulse.RoundTrip.Milliseconds / 1000) + limits.AcknowledgeDelayMax.TotalSeconds;
            session.WindowBytes = (long)Math.Clamp(2 * link.Meter.AchievableBytesPerSecond * delay, limits.UnacknowledgedBytesMin, limits.UnacknowledgedBytesMax);
            for (var index = 0; index < _classes.Length; index++)
            {
                _classes[index].Add(session.BytesSent[index], now);
            }
        });
        _sampledAt = sampledAt;
        Pace(isBulkAlone);
        LimitNotSent(isBulkAlone);
    }

    private StreamSample Sample()
    {
        var sum = default(StreamSample);
        foreach (var stream in link.Streams)
        {
            sum = sum.Beside(stream.Sampler.Take());
        }

        return sum;
    }

    private void Pace(bool isBulkAlone)
    {
        var least = int.MaxValue;
        foreach (var stream in link.Streams)
        {
            least = Math.Min(least, stream.Sampler.RoundTripLeastMicroseconds);
        }

        // While another connection is on trial each may send what it can.
        var share = link.Count.IsTrying ? 0 : link.Meter.AchievableBytesPerSecond / Math.Max(1, link.Pulse.Agreed - 1);
        foreach (var stream in link.Streams)
        {
            stream.Sampler.Pace(share, least, isBulkAlone);
        }
    }

    private void LimitNotSent(bool isBulkAlone)
    {
        var all = Math.Clamp(link.Meter.AchievableBytesPerSecond * (isBulkAlone ? NotSentOfBulkSeconds : NotSentSeconds), TcpTuning.NotSentBytesMin, NotSentBytesMax);
        var each = (int)(all / Math.Max(1, link.Pulse.Agreed - 1));
        foreach (var stream in link.Streams)
        {
            stream.Sampler.LimitNotSent(each);
        }
    }
}
