namespace Superfactory.Site.Gangs;

/// <summary>How a gang stands, as the events that an agent needs which did not hear them. Not thread-safe.</summary>
internal sealed class GangStanding
{
    /// <summary>Checkpoints that are told again: what lies on disk is found there, so that only those matter that were written while no agent was there.</summary>
    private const int CheckpointsMax = 64;

    private readonly SortedDictionary<string, GangEvent> _newest = new(StringComparer.Ordinal);
    private readonly Queue<GangEvent> _checkpoints = new();

    /// <summary>Takes what happened.</summary>
    public void Take(GangEvent said)
    {
        switch (said)
        {
            case GangEvent.Checkpointed:
                _checkpoints.Enqueue(said);
                if (_checkpoints.Count > CheckpointsMax)
                {
                    _checkpoints.Dequeue();
                }

                break;
            case GangEvent.Running or GangEvent.Restarted or GangEvent.Progress or GangEvent.Sealed or GangEvent.Level or GangEvent.Missing or GangEvent.Rejecting or GangEvent.CheckpointFailed:
                _newest[said.GetType().Name] = said;
                break;
        }
    }

    /// <summary>Tells it all, and then that it was all.</summary>
    /// <param name="tell">Tells one event; false where nobody listens.</param>
    /// <returns>Whether all was told.</returns>
    public bool Tell(Func<GangEvent, bool> tell) => _newest.Values.All(tell) && _checkpoints.All(tell) && tell(new GangEvent.Adopted());
}
