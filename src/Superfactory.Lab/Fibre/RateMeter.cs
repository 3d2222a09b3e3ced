namespace Superfactory.Lab.Fibre;

/// <summary>How many bytes pass in a second, without a timer: bytes are counted in the second that they fall in. One thread uses it.</summary>
internal sealed class RateMeter
{
    private const long Second = 1_000_000_000;

    private long _second;
    private long _bytes;
    private long _before;

    /// <summary>Counts bytes.</summary>
    /// <param name="now">The time in nanoseconds; never less than before.</param>
    /// <param name="bytes">How many.</param>
    public void Add(long now, int bytes)
    {
        Turn(now);
        _bytes += bytes;
    }

    /// <summary>Bytes of the last full second.</summary>
    public long BytesPerSecond(long now)
    {
        Turn(now);
        return _before;
    }

    private void Turn(long now)
    {
        var second = now / Second;
        if (second != _second)
        {
            (_before, _bytes, _second) = (second == _second + 1 ? _bytes : 0, 0, second);
        }
    }
}
