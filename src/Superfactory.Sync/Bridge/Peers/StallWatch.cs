using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Peers;

/// <summary>
/// Tells when a peer stalls: its bridge can be reached, a chunk of its contribution is due, and nothing has come for a while. What a
/// broken connection holds up is no stall: a peer that is down is not awaited. For one thread.
/// </summary>
internal sealed class StallWatch(TimeProvider time, TimeSpan limit)
{
    /// <summary>
    /// How long a contributor may send nothing before the round is tried again without it: 30 seconds, in which a chunk of 192 KiB
    /// passes a link of 53 kbit/s.
    /// </summary>
    public static readonly TimeSpan StallMax = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The longest time between two looks in which peers are believed to have been silent: 1 second, four intervals of the host's clock.
    /// Whoever looks after longer was paused or busy itself, and what came meanwhile it has not read.
    /// </summary>
    public static readonly TimeSpan GapMax = TimeSpan.FromSeconds(1);

    private readonly Dictionary<int, long> _since = [];
    private RoundAttempt _attempt;
    private long? _looked;

    /// <summary>Begins a look at all islands. In another attempt, and after a pause of this process, all times begin anew.</summary>
    /// <param name="attempt">The attempt under way.</param>
    public void Look(RoundAttempt attempt)
    {
        if (attempt != _attempt || (_looked is { } looked && time.GetElapsedTime(looked) > GapMax))
        {
            _since.Clear();
        }

        (_attempt, _looked) = (attempt, time.GetTimestamp());
    }

    /// <summary>Something came from an island.</summary>
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
