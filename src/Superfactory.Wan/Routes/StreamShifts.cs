namespace Superfactory.Wan.Routes;

/// <summary>
/// A link's connections for data work in shifts. BBR drains a connection for 0.2 s when it has not seen its least round trip again for ten
/// seconds, unless the connection has just been idle: then it takes the first round trip that it sees (Linux, <c>tcp_bbr.c</c>,
/// <c>bbr_update_min_rtt</c>). So each place in a link has three connections, of which one sends for less than ten seconds while the
/// others rest for more: none is ever drained, and the link stays full. Shifts change in a pause where there is one: a connection that begins
/// while what the one before it sent stands in the link's queue takes that queue for the link's length. Pure; not thread-safe.
/// </summary>
/// <param name="count">How many shifts there are; 1 is none.</param>
/// <param name="length">
/// How long one lasts while there is something to send, in ticks; what comes after that and a pause of a thirtieth of it begins the next, and so does whatever comes half as long later.
/// </param>
internal sealed class StreamShifts(int count, long length)
{
    /// <summary>Shifts of a link: with two, one could not both work for less than ten seconds and rest for more.</summary>
    public const int CountDefault = 3;

    /// <summary>How long a shift lasts, up to nine seconds where there is no pause of 200 ms, in which a queue empties: of three the one that follows has rested for twelve.</summary>
    public static readonly TimeSpan LengthDefault = TimeSpan.FromSeconds(6);

    private long _until = long.MinValue;
    private long _sentAt = long.MinValue;

    /// <summary>Whose shift it is.</summary>
    public int Current { get; private set; }

    /// <summary>How many shifts there are.</summary>
    public int Count => count;

    /// <summary>How many connections it takes for so many to send at a time, the one for control among them, which has no shifts.</summary>
    /// <param name="streams">How many send at a time, from 1.</param>
    /// <param name="shifts">How many shifts there are.</param>
    public static int Connections(int streams, int shifts) => 1 + ((streams - 1) * shifts);

    /// <summary>The shift of a connection.</summary>
    /// <param name="number">Its place in the link, from 1; the first's is 0, for the time in which it carries data.</param>
    public int Of(int number) => Math.Max(0, number - 1) % count;

    /// <summary>Something is sent.</summary>
    /// <param name="now">The time, in ticks.</param>
    /// <returns>Whether the next shift is to send it.</returns>
    public bool Begins(long now)
    {
        // Whoever has rested long enough goes on: it knows the link best.
        var pause = _sentAt == long.MinValue ? long.MaxValue : now - _sentAt;
        var hasRested = pause >= (count - 1) * length;
        _sentAt = now;
        if (count == 1 || now < _until || (pause < length / 30 && now < _until + (length / 2)))
        {
            return false;
        }

        _until = now + length;
        Current = hasRested ? Current : (Current + 1) % count;
        return !hasRested;
    }
}
