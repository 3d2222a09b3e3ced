namespace Superfactory.Wan.Links;

/// <summary>What a link's heartbeats bring and take along. Thread-safe.</summary>
internal sealed class LinkPulse(int streamsMin, int streamsMax)
{
    private volatile int _own;
    private volatile int _peers;

    /// <summary>The smoothed round trip.</summary>
    public RoundTripEstimate RoundTrip { get; } = new();

    /// <summary>How many connections this side wants to send at a time, by its own measurements.</summary>
    public int Wanted
    {
        get => Math.Clamp(_own, streamsMin, streamsMax);
        set => _own = value;
    }

    /// <summary>How many connections of the link are to send at a time: what the side wants that wants more.</summary>
    public int Agreed => Math.Clamp(Math.Max(_own, _peers), streamsMin, streamsMax);

    /// <summary>The other side says how many it wants.</summary>
    public void PeerWants(int streams) => _peers = streams;
}
