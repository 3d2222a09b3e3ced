namespace Superfactory.Wan.Links;

/// <summary>The smoothed round-trip time of a link: each new measurement counts for an eighth, as in TCP. Thread-safe.</summary>
internal sealed class RoundTripEstimate
{
    private double _milliseconds;

    /// <summary>Milliseconds; 0 before the first measurement.</summary>
    public double Milliseconds => Volatile.Read(ref _milliseconds);

    public void Add(TimeSpan measured)
    {
        var previous = Milliseconds;
        var latest = measured.TotalMilliseconds;
        Volatile.Write(ref _milliseconds, previous == 0 ? latest : previous + ((latest - previous) / 8));
    }
}
