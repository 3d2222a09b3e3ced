namespace Superfactory.Wan.Transport;

/// <summary>Wakes one waiter; a signal that comes while nobody waits is kept, several count as one. Thread-safe for setters; for one waiter.</summary>
internal sealed class AsyncSignal
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _waiter;
    private bool _set;

    public void Set()
    {
        TaskCompletionSource? waiter;
        lock (_gate)
        {
            waiter = _waiter;
            _waiter = null;
            _set = waiter is null || waiter.Task.IsCompleted;
        }

        if (waiter is not null && !waiter.TrySetResult())
        {
            // It gave up meanwhile: the signal is for the next one.
            lock (_gate)
            {
                _set = true;
            }
        }
    }

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter;
        lock (_gate)
        {
            if (_set)
            {
                _set = false;
                return;
            }

            // Continuations must not run inside Set, whose callers hold locks.
            _waiter = waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        await using var registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token),
            waiter);
        await waiter.Task;
    }
}
