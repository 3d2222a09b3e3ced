namespace Superfactory.Sync.Bridge.Peers;

/// <summary>
/// Tells when a peer stalls: its bridge can be reached, a chunk of its contribution is due, and none has come for a while. What a
/// broken connection holds up is no stall: a peer that is down is not awaited. For one thread.
/// </summary>
internal sealed class StallWatch(TimeProvider time, TimeSpan limit)
{
    /// <summary>
    /// How long a contributor may send nothing before the round is tried again without it: 30 seconds, in which a chunk of 192 KiB
    /// passes a link of 53 kbit/s.
    /// </summary>
    public static readonly TimeSpan StallMax = TimeSpan.FromSeconds(30);

    private readonly Dictionary<int, long> _since = [];

    /// <summary>A chunk came from an island.</summary>
    public void Heard(int island) => _since.Remove(island);

    /// <summary>Looks at an island.</summary>
    /// <param name="island">Its place among the members.</param>
    /// <param name="awaited">Whether a chunk of it is due.</param>
    /// <returns>Whether it stalls; once, until something comes or the limit has passed again.</returns>
    public bool IsStalled(int island, bool awaited)
    {
        if (!awaited)
        {
            _since.Remove(island);
            return false;
        }

        if (!_since.TryGetValue(island, out var since))
        {
            _since[island] = time.GetTimestamp();
            return false;
        }

        if (time.GetElapsedTime(since) < limit)
        {
            return false;
        }

        _since.Remove(island);
        return true;
    }
}
