namespace Superfactory.Wan.Sessions;

/// <summary>
/// What of one local registration waits in the sessions with all sites. Up to a bound a message of its is taken in also where others
/// have filled what its site may hold: each flow is held to its own window, so that one site which takes nothing costs its bridge no
/// more than that flow. Not thread-safe: the gateway's lock guards it.
/// </summary>
/// <param name="registration">The registration.</param>
internal sealed class SenderTally(long registration)
{
    private TaskCompletionSource? _waiter;

    /// <summary>Who sends.</summary>
    public long Registration { get; } = registration;

    /// <summary>Bytes of its that wait.</summary>
    public long BytesWaiting { get; private set; }

    /// <summary>A message of its waits from now on.</summary>
    public void Add(int bytes) => BytesWaiting += bytes;

    /// <summary>A message of its waits no longer.</summary>
    public void Remove(int bytes)
    {
        BytesWaiting -= bytes;
        MayTryAgain();
    }

    /// <summary>Ends when it may try again to send what found no room.</summary>
    public Task WaitAsync() => (_waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>There may be room.</summary>
    public void MayTryAgain()
    {
        _waiter?.TrySetResult();
        _waiter = null;
    }
}
