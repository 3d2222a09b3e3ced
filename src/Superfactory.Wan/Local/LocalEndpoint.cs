using Superfactory.Wan.Frames;
using Superfactory.Wan.Sessions;

namespace Superfactory.Wan.Local;

/// <summary>An endpoint registered at this gateway: what it was told, and what is on its way from and to it. Guarded by the switchboard's lock.</summary>
internal sealed class LocalEndpoint(RegisteredEndpoint self, Outbox outbox, Action<string> close)
{
    /// <summary>What one endpoint may watch: a run of 1,000 islands with four lanes each.</summary>
    public const int WatchesMax = 4096;

    private readonly HashSet<EndpointAddress> _watches = [];
    private readonly Dictionary<EndpointAddress, (long Registration, long Meeting)> _up = [];
    private long _lastMeeting;

    public RegisteredEndpoint Self { get; } = self;

    /// <summary>Messages from this endpoint.</summary>
    public FlowLedger Sent { get; } = new();

    /// <summary>Messages from this endpoint that wait for other sites.</summary>
    public SenderTally Waiting { get; } = new(self.Registration);

    /// <summary>Messages to this endpoint.</summary>
    public FlowLedger Received { get; } = new();

    /// <summary>Whether there is room for another watch.</summary>
    public bool TryWatch(EndpointAddress address)
    {
        if (_watches.Count >= WatchesMax && !_watches.Contains(address))
        {
            return false;
        }

        _watches.Add(address);
        return true;
    }

    public bool Watches(EndpointAddress address) => _watches.Contains(address);

    /// <summary>Tells that an endpoint is up, once; of another registration before, that it was down.</summary>
    public void TellUp(RegisteredEndpoint endpoint)
    {
        if (_up.TryGetValue(endpoint.Address, out var known))
        {
            if (known.Registration == endpoint.Registration)
            {
                return;
            }

            TellDown(endpoint.Address);
        }

        _up[endpoint.Address] = (endpoint.Registration, ++_lastMeeting);
        Add(Frame.Control(FrameType.EndpointUp, endpoint.Encode()) with { Meeting = _lastMeeting });
    }

    /// <summary>
    /// Whether this is the time that an endpoint was told to be up. The same registration goes and comes when a session begins anew: what
    /// its bridge sent or took before it read of that belongs to nothing any more.
    /// </summary>
    public bool IsMeeting(RegisteredEndpoint endpoint, long meeting)
        => _up.TryGetValue(endpoint.Address, out var up) && up == (endpoint.Registration, meeting);

    /// <summary>Tells that an endpoint is gone, where it was told to be up.</summary>
    public void TellDown(EndpointAddress address)
    {
        if (_up.Remove(address, out var up))
        {
            var registration = up.Registration;
            Sent.Forget(registration);
            Received.Forget(registration);
            Add(Frame.Control(FrameType.EndpointDown, new RegisteredEndpoint(address, registration).Encode()));
        }
    }

    /// <summary>Tells that everybody is gone.</summary>
    public void TellAllDown()
    {
        foreach (var address in _up.Keys.ToArray())
        {
            TellDown(address);
        }
    }

    /// <summary>The same endpoint under another registration, which has been told nothing and has nothing under way.</summary>
    public LocalEndpoint Again(long registration)
    {
        var again = new LocalEndpoint(Self with { Registration = registration }, outbox, close);
        again._watches.UnionWith(_watches);
        return again;
    }

    /// <summary>What it wants to know of, in order.</summary>
    public IEnumerable<EndpointAddress> Watched => _watches.OrderBy(address => address.Site, StringComparer.Ordinal).ThenBy(address => address.Name, StringComparer.Ordinal);

    public void Add(Frame frame)
    {
        if (!outbox.TryAdd(frame))
        {
            Close("it does not read what it is told");
        }
    }

    /// <summary>Closes its connection, with a reason.</summary>
    public void Close(string reason) => close(reason);
}
