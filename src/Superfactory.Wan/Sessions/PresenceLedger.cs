using Superfactory.Wan.Frames;

namespace Superfactory.Wan.Sessions;

/// <summary>
/// What the other side of a session is told of this site's endpoints. Of one name at most one frame is under way, so that nothing
/// about it can arrive in the wrong order; of a registration the end is told when the other side has its last message. Pure; not
/// thread-safe.
/// </summary>
internal sealed class PresenceLedger
{
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly HashSet<long> _told = [];

    /// <summary>Whether nothing is left to be told, and nothing of it is under way.</summary>
    public bool IsSettled => _entries.Values.All(entry => !entry.UnderWay && !entry.Leaving);

    /// <summary>The names that there is something to tell of, or was.</summary>
    public IEnumerable<string> Names => _entries.Keys;

    /// <summary>Whether the other side knows that a registration is up: it may be sent that one's messages.</summary>
    public bool IsTold(long registration) => _told.Contains(registration);

    /// <summary>An endpoint is up; one of the same name that was is gone.</summary>
    public void Arrive(RegisteredEndpoint endpoint)
    {
        var entry = _entries.GetValueOrDefault(endpoint.Address.Name) ?? new Entry();
        _entries[endpoint.Address.Name] = entry;
        (entry.Target, entry.Leaving) = (endpoint, false);
    }

    /// <summary>An endpoint is gone, or goes when its last message has arrived.</summary>
    public void Leave(RegisteredEndpoint endpoint)
    {
        if (_entries.TryGetValue(endpoint.Address.Name, out var entry) && entry.Target == endpoint)
        {
            entry.Leaving = true;
        }
    }

    /// <summary>The next thing to tell of a name, which is under way from now on.</summary>
    /// <param name="name">The endpoint's name.</param>
    /// <param name="outstanding">How many messages of a registration wait or are under way.</param>
    /// <returns>A frame; null where there is nothing to tell now.</returns>
    public Frame? Next(string name, Func<long, int> outstanding)
    {
        if (!_entries.TryGetValue(name, out var entry) || entry.UnderWay)
        {
            return null;
        }

        if (entry.Told is { } told)
        {
            if ((told == entry.Target && !entry.Leaving) || outstanding(told.Registration) > 0)
            {
                return null;
            }

            entry.UnderWay = true;
            return Frame.Control(FrameType.EndpointDown, told.Encode());
        }

        if (entry.Leaving && outstanding(entry.Target.Registration) == 0)
        {
            _entries.Remove(name);
            return null;
        }

        entry.UnderWay = true;
        return Frame.Control(FrameType.EndpointUp, entry.Target.Encode());
    }

    /// <summary>The other side was told.</summary>
    public void Acknowledge(FrameType type, RegisteredEndpoint endpoint)
    {
        var entry = _entries[endpoint.Address.Name];
        entry.UnderWay = false;
        entry.Told = type == FrameType.EndpointUp ? endpoint : null;
        if (entry.Told is null)
        {
            _told.Remove(endpoint.Registration);
        }
        else
        {
            _told.Add(endpoint.Registration);
        }
    }

    /// <summary>A new session: the other side knows of nobody, and nobody has messages left.</summary>
    public void Forget()
    {
        _told.Clear();
        foreach (var (name, entry) in _entries.ToArray())
        {
            (entry.Told, entry.UnderWay) = (null, false);
            if (entry.Leaving)
            {
                _entries.Remove(name);
            }
        }
    }

    private sealed class Entry
    {
        public RegisteredEndpoint Target;
        public RegisteredEndpoint? Told;
        public bool Leaving;
        public bool UnderWay;
    }
}
