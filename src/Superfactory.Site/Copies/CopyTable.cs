using System.Collections.Immutable;
using Superfactory.Model.Copies;

namespace Superfactory.Site.Copies;

/// <summary>
/// The copies that a site has a part in: brings what goes on in line with what the control plane wants. Those with the lowest numbers go
/// first, at both ends, so that no two sites wait for each other. Thread-safe.
/// </summary>
internal sealed class CopyTable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<(long Copy, CopyRole Role), CopyTask> _tasks = [];
    private readonly HashSet<Task> _stopping = [];
    private readonly CopySite _site;
    private readonly Action _changed;
    private bool _closed;

    /// <summary>An empty table.</summary>
    /// <param name="site">This site.</param>
    /// <param name="changed">Called when there is something to report, from any thread; must return soon.</param>
    public CopyTable(CopySite site, Action changed) => (_site, _changed) = (site, changed);

    /// <summary>Begins what is missing, ends what is not wanted.</summary>
    public void Apply(ImmutableArray<CopyAssignment> wanted)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            var names = wanted.Select(assignment => (assignment.Copy, assignment.Role)).ToHashSet();
            foreach (var (name, task) in _tasks.Where(entry => !names.Contains(entry.Key)).ToList())
            {
                _tasks.Remove(name);
                Stop(task);
            }

            foreach (var assignment in wanted.Where(assignment => !_tasks.ContainsKey((assignment.Copy, assignment.Role))))
            {
                _tasks.Add((assignment.Copy, assignment.Role), new CopyTask(assignment, _site, Changed));
            }

            Schedule();
        }
    }

    /// <summary>How every copy is, by number and role.</summary>
    public ImmutableArray<CopyReport> Reports()
    {
        lock (_lock)
        {
            return [.. _tasks.Values.Select(task => task.Report)];
        }
    }

    /// <summary>Ends everything and takes no more instructions; done when nothing goes on any more.</summary>
    public async Task StopAllAsync()
    {
        Task[] stopping;
        lock (_lock)
        {
            _closed = true;
            foreach (var task in _tasks.Values)
            {
                Stop(task);
            }

            _tasks.Clear();
            stopping = [.. _stopping];
        }

        await Task.WhenAll(stopping);
    }

    private void Changed()
    {
        // The task that says so may hold locks of its own.
        _ = Task.Run(() =>
        {
            lock (_lock)
            {
                Schedule();
            }
        });
        _changed();
    }

    private void Schedule()
    {
        if (_closed)
        {
            return;
        }

        var turns = _tasks.Values.Where(task => !task.IsOver).Select(task => task.Assignment.Copy).Distinct().Take(CopyLimits.CopiesAtOnce).ToHashSet();
        foreach (var task in _tasks.Values.Where(task => !task.IsStarted && turns.Contains(task.Assignment.Copy)))
        {
            task.Start();
        }
    }

    private void Stop(CopyTask task)
    {
        var stopped = task.DisposeAsync().AsTask();
        _stopping.Add(stopped);
        stopped.ContinueWith(
            done =>
            {
                lock (_lock)
                {
                    _stopping.Remove(done);
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default);
    }
}
