using System.Buffers.Binary;
using Superfactory.Model.Wan;
using Superfactory.Wan.Frames;
using Superfactory.Wan.Links;
using Superfactory.Wan.Local;
using Superfactory.Wan.Routes;
using Superfactory.Wan.Sessions;

namespace Superfactory.Wan.Tests.Routes;

/// <summary>
/// The networks of a few sites in one thread and in virtual time, over connections that carry whole frames, deliver them when the
/// seed says, and die with what is on them. Each site has one endpoint, which checks what it is sent.
/// </summary>
internal sealed class NetworkWorld
{
    private const int FramesOnWireMax = 20;

    private readonly Random _random;
    private readonly Dictionary<string, SimulatedSite> _sites = [];
    private readonly List<Wire> _wires = [];
    private long _drawn;
    private long _now = 1;
    private long _beatAt;

    public NetworkWorld(int seed, int streams, params string[] sites)
    {
        _random = new Random(seed);
        foreach (var site in sites)
        {
            _sites[site] = new SimulatedSite(site, Draw, ++_drawn);
        }

        foreach (var site in _sites.Values)
        {
            foreach (var peer in sites.Where(peer => peer != site.Name))
            {
                site.AddPeer(peer, _now);
            }
        }

        foreach (var one in sites)
        {
            foreach (var other in sites.Where(other => string.CompareOrdinal(one, other) < 0))
            {
                for (var number = 0; number < streams; number++)
                {
                    _wires.Add(new Wire(_sites[one], _sites[other], number));
                }
            }
        }
    }

    /// <summary>Links that are cut, by their ends' names: nothing gets through, and nobody tells.</summary>
    public HashSet<(string One, string Other)> Cut { get; } = [];

    public SimulatedSite this[string site] => _sites[site];

    public long Now => _now;

    /// <summary>Everybody sends a message somewhere, sometimes; connections die, sometimes.</summary>
    public void Trouble(int steps, bool deaths)
    {
        for (var step = 0; step < steps; step++)
        {
            if (_random.Next(4) == 0)
            {
                Any(_sites.Values).SendSomewhere(_random);
            }

            if (deaths && _random.Next(60) == 0)
            {
                Any(_wires).Close(_now);
            }

            Step();
        }
    }

    /// <summary>Goes on without trouble until everything has arrived.</summary>
    public void Settle()
    {
        for (var step = 0; step < 200_000; step++)
        {
            Step();
            if (step % 100 == 0 && _sites.Values.All(site => site.IsQuiet))
            {
                return;
            }
        }

        throw new InvalidOperationException("It does not settle.");
    }

    /// <summary>Nothing gets through the connections of a number any more, and nobody tells.</summary>
    /// <param name="number">Their number.</param>
    /// <param name="there">Whether from the site whose name sorts first.</param>
    /// <param name="back">Whether to it.</param>
    public void BlackHole(int number, bool there, bool back)
        => _wires.Where(wire => wire.Number == number).ToList().ForEach(wire => (wire.IsDeadThere, wire.IsDeadBack) = (there, back));

    /// <summary>The connections of a number die, with what is on them.</summary>
    public void Kill(int number) => _wires.Where(wire => wire.Number == number).ToList().ForEach(wire => wire.Close(_now));

    public void Step()
    {
        _now += TimeSpan.FromMilliseconds(0.2).Ticks;
        var wire = Any(_wires);
        if (!wire.IsOpen)
        {
            if (!IsCut(wire) && _random.Next(4) == 0)
            {
                wire.Open(_now);
            }
        }
        else if (!IsCut(wire))
        {
            // A frame that is relayed may be dropped where it is relayed.
            wire.Pump(_random.Next(2) == 0, FramesOnWireMax, _now);
            wire.Deliver(_random.Next(2) == 0, _now, drop: Dropping && _random.Next(20) == 0);
        }

        if (_random.Next(50) == 0)
        {
            foreach (var site in _sites.Values)
            {
                site.Network.OnAlarm(_now);
                site.Network.OnTick(_now);
            }
        }

        JudgeCut();
        if (_now - _beatAt >= new LinkLimits().HeartbeatInterval.Ticks)
        {
            _beatAt = _now;
            _wires.ForEach(wire => wire.Beat(_now));
            foreach (var link in _wires.Where(wire => wire.IsOpen && !IsCut(wire)).GroupBy(wire => (wire.One, wire.Other)))
            {
                link.Key.One.Network.JudgeStreams(link.Key.Other.Name, [.. link.Select(wire => wire.OneSign)]);
                link.Key.Other.Network.JudgeStreams(link.Key.One.Name, [.. link.Select(wire => wire.OtherSign)]);
            }
        }
    }

    /// <summary>Whether relays drop a frame now and then.</summary>
    public bool Dropping { get; set; }

    private void JudgeCut()
    {
        foreach (var wire in _wires.Where(wire => wire.IsOpen))
        {
            wire.Judge(IsCut(wire), _now);
        }
    }

    private bool IsCut(Wire wire) => Cut.Contains((wire.One.Name, wire.Other.Name));

    private T Any<T>(ICollection<T> items) => items.ElementAt(_random.Next(items.Count));

    private long Draw() => unchecked(++_drawn * (long)0x9E37_79B9_7F4A_7C15) & long.MaxValue;

    /// <summary>A connection between two sites.</summary>
    private sealed class Wire(SimulatedSite one, SimulatedSite other, int number)
    {
        private readonly Queue<OutgoingFrame> _there = new();
        private readonly Queue<OutgoingFrame> _back = new();
        private StreamPort? _onePort;
        private StreamPort? _otherPort;
        private (long HeardAt, long AnsweredAt) _one;
        private (long HeardAt, long AnsweredAt) _other;

        public SimulatedSite One { get; } = one;

        public SimulatedSite Other { get; } = other;

        public int Number { get; } = number;

        public bool IsOpen => _onePort is not null;

        public bool IsDeadThere { get; set; }

        public bool IsDeadBack { get; set; }

        public StreamSign OneSign => new(_onePort!, _one.HeardAt, _one.AnsweredAt);

        public StreamSign OtherSign => new(_otherPort!, _other.HeardAt, _other.AnsweredAt);

        /// <summary>Both ends ask for a sign of life, and answer what arrives.</summary>
        public void Beat(long now)
        {
            var isWhole = !IsDeadThere && !IsDeadBack;
            _one = (IsDeadBack ? _one.HeardAt : now, isWhole ? now : _one.AnsweredAt);
            _other = (IsDeadThere ? _other.HeardAt : now, isWhole ? now : _other.AnsweredAt);
        }

        public void Open(long now)
        {
            (_one, _other) = ((now, now), (now, now));
            _onePort = One.Network.Open(Other.Name, Number, now);
            _otherPort = Other.Network.Open(One.Name, Number, now);
        }

        public void Close(long now)
        {
            if (_onePort is null)
            {
                return;
            }

            foreach (var frame in _there.Concat(_back))
            {
                frame.Payload.Release();
            }

            _there.Clear();
            _back.Clear();
            One.Network.Close(Other.Name, _onePort, now);
            Other.Network.Close(One.Name, _otherPort!, now);
            (_onePort, _otherPort) = (null, null);
        }

        public void Pump(bool back, int framesMax, long now)
        {
            var queue = back ? _back : _there;
            if (queue.Count < framesMax && (back ? Other.Network.TryTake(One.Name, _otherPort!, now, out var frame) : One.Network.TryTake(Other.Name, _onePort!, now, out frame)))
            {
                queue.Enqueue(frame);
            }
        }

        public void Deliver(bool back, long now, bool drop)
        {
            if ((back ? IsDeadBack : IsDeadThere) || !(back ? _back : _there).TryDequeue(out var frame))
            {
                return;
            }

            if (drop && frame.Route.Length > 0)
            {
                frame.Payload.Release();
                return;
            }

            var route = frame.Route.Length == 0 ? null : FrameRoute.Decode(frame.Route);
            var (from, to) = back ? (Other, One) : (One, Other);
            to.Network.Receive(from.Name, frame.Header, route, frame.Payload, now).ShouldBe(FrameRefusal.None);
        }

        public void Judge(bool isCut, long now)
        {
            One.Network.Judge(Other.Name, isCut, 1, now);
            Other.Network.Judge(One.Name, isCut, 1, now);
        }
    }
}

/// <summary>A site of a <see cref="NetworkWorld"/>.</summary>
internal sealed class SimulatedSite : INetworkOwner
{
    private readonly RegisteredEndpoint _self;
    private readonly SenderTally _sender;
    private readonly List<string> _peers = [];
    private readonly Dictionary<(string To, TrafficClass Class), FlowNumbering> _numberings = [];
    private readonly Dictionary<(string From, TrafficClass Class), FlowOrder<int>> _orders = [];
    private readonly Dictionary<(string To, TrafficClass Class), List<(int Number, FlowPlace Place)>> _sent = [];
    private readonly Dictionary<(string From, TrafficClass Class), List<int>> _received = [];

    public SimulatedSite(string name, Func<long> draw, long registration)
    {
        Name = name;
        _self = new RegisteredEndpoint(new EndpointAddress(name, "e"), registration);
        _sender = new SenderTally(registration);
        Network = new Network(new NetworkSetup { Self = name, Start = draw(), Draw = draw, FirstVersion = 1, Owner = this });
    }

    public string Name { get; }

    public Network Network { get; }

    /// <summary>Who is up, by what was told.</summary>
    public Dictionary<string, long> Up { get; } = [];

    /// <summary>Sessions that began.</summary>
    public int Begun { get; private set; }

    public bool IsQuiet => _peers.TrueForAll(peer => Network.FindSession(peer)!.WhenEmptyAsync().IsCompleted && Up.ContainsKey(peer));

    public void AddPeer(string peer, long now)
    {
        _peers.Add(peer);
        Network.AddPeer(peer, now).Arrive(_self);
    }

    public void SendSomewhere(Random random)
    {
        var to = _peers[random.Next(_peers.Count)];
        if (Up.ContainsKey(to))
        {
            Send(to, (TrafficClass)random.Next(3), (MessageOrder)random.Next(2), random.Next(2000));
        }
    }

    /// <summary>Sends a message of its number.</summary>
    public void Send(string to, TrafficClass trafficClass, MessageOrder order, int length)
    {
        var key = (to, trafficClass);
        var numbering = _numberings.TryGetValue(key, out var known) ? known : _numberings[key] = new FlowNumbering();
        var sent = _sent.TryGetValue(key, out var list) ? list : _sent[key] = [];
        var payload = PooledBuffer.Rent(4 + length);
        BinaryPrimitives.WriteInt32LittleEndian(payload.Span, sent.Count);
        var place = numbering.Next(order);
        numbering.Sent(order);
        sent.Add((sent.Count, place));
        Network.FindSession(to)!.TryEnqueueMessage(Frame.Create(FrameType.Message, trafficClass, payload) with { Place = place }, _sender).ShouldBeNull();
    }

    /// <summary>What this site sent to another one has arrived there once, and in order.</summary>
    public void ShouldHaveReached(SimulatedSite other)
    {
        foreach (var trafficClass in Enum.GetValues<TrafficClass>())
        {
            var sent = _sent.GetValueOrDefault((other.Name, trafficClass), []);
            var received = other._received.GetValueOrDefault((Name, trafficClass), []);
            received.Order().ShouldBe(sent.Select(message => message.Number), $"{Name} to {other.Name}, {trafficClass}");
            var placed = received.Select(number => sent[number].Place).ToArray();
            for (var index = 0; index < placed.Length; index++)
            {
                // Every message comes after the ordered ones before it: as many as its ordinal says.
                placed.Take(index).Count(place => !place.Unordered).ShouldBe((int)placed[index].Ordinal);
            }
        }
    }

    public void BeginSession(Session session)
    {
        Begun++;
        Up.Remove(session.Peer);
    }

    public FrameRefusal Received(Session session, Frame frame)
    {
        switch (frame.Type)
        {
            case FrameType.EndpointUp when RegisteredEndpoint.TryDecode(frame.Payload.Span, out var endpoint):
                Up.Add(session.Peer, endpoint.Registration);
                break;
            case FrameType.EndpointDown:
                Up.Remove(session.Peer).ShouldBeTrue();
                break;
            case FrameType.Message:
                Up.ShouldContainKey(session.Peer);
                var key = (session.Peer, frame.Class);
                var received = _received.TryGetValue(key, out var list) ? list : _received[key] = [];
                var order = _orders.TryGetValue(key, out var known) ? known : _orders[key] = new FlowOrder<int>(received.Add);
                order.Offer(frame.Place, BinaryPrimitives.ReadInt32LittleEndian(frame.Payload.Span));
                break;
        }

        frame.Payload.Release();
        return FrameRefusal.None;
    }

    public void NoticeLater(GatewayNotice notice) => throw new InvalidOperationException(notice.Text);
}
