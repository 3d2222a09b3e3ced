namespace Superfactory.Sync.Bridge.Membership;

/// <summary>Tells which peers have not been heard for too long. For one thread.</summary>
/// <param name="time">Its clock.</param>
internal sealed class HearingWatch(TimeProvider time)
{
    /// <summary>
    /// How long a peer may say nothing before it is missed: 1.2 seconds, in which it says four times that it is there. Far more than what
    /// a busy machine or a lost segment holds up, and little enough that a result is final within three seconds of the loss of a member.
    /// </summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromMilliseconds(1200);

    /// <summary>
    /// The longest time between two looks in which peers are believed to have been silent: half a second, two intervals of the host's
    /// clock. Whoever looks after longer was paused or busy itself, and what came meanwhile it has not read.
    /// </summary>
    public static readonly TimeSpan GapMax = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<int, long> _heard = [];
    private long? _looked;

    /// <summary>Something came from a peer.</summary>
    /// <param name="island">Its place.</param>
    public void Heard(int island) => _heard[island] = time.GetTimestamp();

    /// <summary>Begins a look at all peers; after a pause of this process all times begin anew.</summary>
    public void Look()
    {
        if (_looked is { } looked && time.GetElapsedTime(looked) > GapMax)
        {
            _heard.Clear();
        }

        _looked = time.GetTimestamp();
    }

    /// <summary>Whether a peer has said nothing for too long, from the first look at it at the earliest.</summary>
    public bool IsMissed(int island)
    {
        if (_heard.TryGetValue(island, out var heard))
        {
            return time.GetElapsedTime(heard) >= SilenceMax;
        }

        Heard(island);
        return false;
    }
}
