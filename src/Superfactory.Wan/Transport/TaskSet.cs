namespace Superfactory.Wan.Transport;

/// <summary>Tasks under way, so that whoever started them can wait for their end. Thread-safe.</summary>
/// <param name="failed">Told why a task failed, from any thread.</param>
internal sealed class TaskSet(Action<Exception> failed)
{
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _tasks = [];

    /// <summary>Starts a task, unless as many as <paramref name="max"/> are under way.</summary>
    public bool TryAdd(Func<Task> start, int max)
    {
        Task task;
        lock (_gate)
        {
            if (_tasks.Count >= max)
            {
                return false;
            }

            task = Task.Run(start);
            _tasks.Add(task);
        }

        _ = RemoveAsync(task);
        return true;
    }

    /// <summary>Ends when every task has ended that was under way, however it did.</summary>
    public async Task WhenAllAsync()
    {
        Task[] tasks;
        lock (_gate)
        {
            tasks = [.. _tasks];
        }

        await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RemoveAsync(Task task)
    {
        await Task.WhenAny(task);
        lock (_gate)
        {
            _tasks.Remove(task);
        }

        if (task.Exception is { } exception)
        {
            failed(exception.InnerException ?? exception);
        }
    }
}
