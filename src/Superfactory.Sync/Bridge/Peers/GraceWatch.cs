using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Peers;

/// <summary>Tells when a round has waited long enough for late islands since as many as the job asks for had contributed. For one thread.</summary>
/// <param name="time">Its clock.</param>
/// <param name="grace">How long it waits: <c>sync.grace</c>.</param>
internal sealed class GraceWatch(TimeProvider time, TimeSpan grace)
{
    private long _round = -1;
    private long? _since;
    private long? _looked;

    /// <summary>Looks at the round; four times a second.</summary>
    /// <param name="attempt">The attempt under way.</param>
    /// <param name="quorate">Whether enough islands have contributed, and others have not.</param>
    /// <returns>Whether the round is to close without them: at every look until it does.</returns>
    public bool IsOver(RoundAttempt attempt, bool quorate)
    {
        // Whoever was paused has not read what came meanwhile.
        var paused = _looked is { } looked && time.GetElapsedTime(looked) > StallWatch.GapMax;
        _looked = time.GetTimestamp();
        if (attempt.Round != _round || paused)
        {
            (_round, _since) = (attempt.Round, null);
        }

        if (!quorate)
        {
            return false;
        }

        _since ??= time.GetTimestamp();
        return time.GetElapsedTime(_since.Value) >= grace;
    }
}
