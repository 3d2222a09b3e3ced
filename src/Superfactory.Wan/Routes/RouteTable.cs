using System.Collections.Immutable;
using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Sessions;
using Superfactory.Wan.Sharing;

namespace Superfactory.Wan.Routes;

/// <summary>A way that a class takes, with the rate granted to it.</summary>
internal readonly record struct Leg(ImmutableArray<string> Sites, long BytesPerSecond);

/// <summary>
/// Which ways one session's classes take at the moment: the granted ones that are up, and where none is, the best live one without a
/// limit. Ways and what is under way on them outlive a change. Pure; not thread-safe: the gateway's lock guards it.
/// </summary>
internal sealed class RouteTable(Session session)
{
    /// <summary>By class, since gateways between pass frames on by class: what is overtaken by more urgent ones is not lost, and holds nobody's window.</summary>
    private readonly Dictionary<(TrafficClass Class, string Way), Way> _ways = [];
    private readonly Dictionary<(TrafficClass Class, string Way), Pacer> _pacers = [];
    private readonly ImmutableArray<Feed>[] _feeds = [[], [], []];

    public Session Session { get; } = session;

    /// <summary>What the class sends, and over which ways; empty where there is none.</summary>
    public ImmutableArray<Feed> Feeds(TrafficClass trafficClass) => _feeds[(int)trafficClass];

    /// <summary>The rate granted to a class; null where there is no limit.</summary>
    public long? Granted(TrafficClass trafficClass)
    {
        var feeds = Feeds(trafficClass);
        return feeds.IsEmpty || feeds.Any(feed => feed.Pacer.BytesPerSecond == 0) ? null : feeds.Sum(feed => feed.Pacer.BytesPerSecond);
    }

    /// <summary>Sets the ways of a class.</summary>
    public void Set(TrafficClass trafficClass, Leg[] legs, long now) => _feeds[(int)trafficClass] =
    [
        .. legs.Select(leg =>
        {
            var key = (trafficClass, string.Join('\n', leg.Sites));
            var way = _ways.TryGetValue(key, out var known) ? known : _ways[key] = new Way(leg.Sites);
            if (!_pacers.TryGetValue(key, out var pacer))
            {
                _pacers[key] = pacer = new Pacer(TimeSpan.TicksPerSecond);
            }

            pacer.SetRate(leg.BytesPerSecond, now);
            return new Feed(Session, way, pacer);
        }),
    ];

    /// <summary>Gives up what is under way on ways that are down, and forgets ways that nobody takes.</summary>
    /// <param name="isUp">Whether a way's links are up.</param>
    public void Drop(Func<Way, bool> isUp)
    {
        foreach (var (key, way) in _ways.ToArray())
        {
            var isUsed = _feeds.Any(feeds => feeds.Any(feed => feed.Way == way));
            if (!isUsed && !isUp(way))
            {
                Session.LoseWay(way);
            }

            if (!isUsed && way.BytesUnderWay == 0)
            {
                _ways.Remove(key);
                _pacers.Remove(key);
            }
        }
    }
}
