namespace Superfactory.Control.Writing;

/// <summary>
/// The time of records: the machine's, but never earlier than what was journalled. Where its clock is set back, time goes on from there all the same,
/// so that what is waited for comes due. Safe to use from any thread.
/// </summary>
/// <param name="time">The machine's clock.</param>
/// <param name="least">The newest time in the journal that anything is compared with, in milliseconds since 1970-01-01 UTC.</param>
internal sealed class FactoryTime(TimeProvider time, long least)
{
    private readonly Lock _lock = new();
    private long _timestamp = time.GetTimestamp();
    private long _at = least;

    /// <summary>Milliseconds since 1970-01-01 UTC.</summary>
    public long Now
    {
        get
        {
            lock (_lock)
            {
                var (timestamp, told) = (time.GetTimestamp(), time.GetUtcNow().ToUnixTimeMilliseconds());
                var passed = _at + (long)time.GetElapsedTime(_timestamp, timestamp).TotalMilliseconds;
                if (told < passed)
                {
                    return passed;
                }

                (_timestamp, _at) = (timestamp, told);
                return told;
            }
        }
    }
}
