using System.Collections.Concurrent;
using System.Diagnostics;
using Superfactory.Site.Interop;

namespace Superfactory.Site.Processes;

/// <summary>
/// Starts child processes that the kernel kills when this process dies, however it dies. The kernel ties that promise to the
/// <em>thread</em> that started the child, so all are started by one thread that lives as long as this object. Thread-safe.
/// </summary>
internal sealed class ProcessStarter : IDisposable
{
    /// <summary>Starts that wait for the thread: 64 trainers and a bridge, twice over.</summary>
    private const int WaitingMax = 130;

    private readonly BlockingCollection<Action> _work = new(WaitingMax);
    private readonly HashSet<int> _started = [];
    private readonly Thread _thread;
    private readonly string _keeper;
    private readonly string _deathSignal;

    /// <summary>Starts the thread.</summary>
    /// <param name="keeper">The path of <c>setpriv</c>, see <see cref="SystemTools"/>.</param>
    /// <param name="deathSignal">What the kernel sends to the children when this process dies; <c>TERM</c> for children that end in good order by themselves.</param>
    public ProcessStarter(string keeper, string deathSignal = "KILL")
    {
        _keeper = keeper;
        _deathSignal = deathSignal;
        _thread = new Thread(Work) { IsBackground = true, Name = "process starter" };
        _thread.Start();
    }

    /// <summary>Starts a process.</summary>
    /// <returns>The process; an exception where the system cannot start any.</returns>
    public Task<ChildProcess> StartAsync(ProcessPlan plan) => Do(() =>
    {
        // setpriv sets the parent-death signal on itself and becomes the program: the process id stays the same.
        var kept = plan with { Command = [_keeper, "--pdeathsig", _deathSignal, .. plan.Command] };
        var process = Process.Start(kept.ToStartInfo()) ?? throw new InvalidOperationException($"The system started nothing for '{plan.Command[0]}'.");
        _started.Add(process.Id);
        return new ChildProcess(process);
    });

    /// <summary>Takes the exit status of processes that became this process's children when their own parent died.</summary>
    public Task ReapAdoptedAsync() => Do(() =>
    {
        // On the starter's thread no start can be half-done, so a child that is not in the set is surely an adopted one.
        foreach (var entry in ProcessTable.Read().Entries.Where(entry => entry.Parent == Environment.ProcessId && !entry.IsAlive && !_started.Contains(entry.Id)))
        {
            Native.Reap(entry.Id);
        }

        return true;
    });

    /// <summary>Ends the thread, and with it every process that it started.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private Task<T> Do<T>(Func<T> action)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                done.SetResult(action());
            }
#pragma warning disable CA1031 // Whatever went wrong belongs to the caller, who awaits it.
            catch (Exception error)
#pragma warning restore CA1031
            {
                done.SetException(error);
            }
        });
        return done.Task;
    }

    private void Work()
    {
        foreach (var action in _work.GetConsumingEnumerable())
        {
            action();
        }
    }
}
