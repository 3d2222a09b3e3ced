using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Superfactory.Control.Hosting;
using Superfactory.Control.Journal;
using Superfactory.Core;
using Superfactory.Core.Commands;
using Superfactory.Core.Records;

namespace Superfactory.Control.Writing;

/// <summary>
/// The one writer of the factory's state: takes commands in turn, has the core decide, commits the records, and only then publishes the
/// next state and its effects. Reads take <see cref="State"/> and never wait. Safe to use from any thread.
/// </summary>
internal sealed class FactoryWriter : IAsyncDisposable
{
    /// <summary>Commands that may wait. Each of 256 sites reports once a second, so this is four seconds of reports; beyond it callers wait.</summary>
    public const int QueueLength = 1_024;

    /// <summary>Commands that share one commit, and its fsync.</summary>
    public const int CommandsPerCommit = 64;

    private readonly Channel<Request> _requests = Channel.CreateBounded<Request>(
        new BoundedChannelOptions(QueueLength) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly FactoryJournal _journal;
    private readonly FactoryTime _time;
    private readonly ILogger<FactoryWriter> _logger;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FactoryState _state;
    private long _now;
    private Task _loop = Task.CompletedTask;

    public FactoryWriter(FactoryJournal journal, TimeProvider time, ILogger<FactoryWriter> logger)
        => (_journal, _time, _logger, _state) = (journal, new FactoryTime(time, Newest(journal.State)), logger, journal.State);

    /// <summary>Told of every step after it is committed and published, in order, on the writer's thread: it must not wait.</summary>
    public event Action<FactoryState, FactoryEffects>? Stepped;

    /// <summary>The newest committed state.</summary>
    public FactoryState State => Volatile.Read(ref _state);

    /// <summary>The time at which a command would be accepted now, in milliseconds since 1970-01-01 UTC.</summary>
    public long Now => _time.Now;

    /// <summary>Ends when the writer does; faulted where the journal could not be written.</summary>
    public Task Ended => _ended.Task;

    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Has a command decided, and waits until what came of it is committed and visible.</summary>
    /// <exception cref="JournalException">The journal can't be written.</exception>
    public async ValueTask<Decision> SubmitAsync(FactoryCommand command, CancellationToken cancellation)
    {
        var request = new Request(command);
        try
        {
            await _requests.Writer.WriteAsync(request, cancellation);
        }
        catch (ChannelClosedException exception)
        {
            throw new JournalException("The control plane is ending.", exception);
        }

        return await request.Done.Task.WaitAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        _requests.Writer.TryComplete();
        await _loop;
    }

    private async Task RunAsync()
    {
        var batch = new List<Request>(CommandsPerCommit);
        try
        {
            while (await _requests.Reader.WaitToReadAsync())
            {
                while (batch.Count < CommandsPerCommit && _requests.Reader.TryRead(out var request))
                {
                    batch.Add(request);
                }

                Step(batch);
                batch.Clear();
            }

            _ended.TrySetResult();
        }
        catch (Exception exception)
        {
            // Whatever it is, the state can't go on from here; the host ends and says why.
            ControlLog.WriterFailed(_logger, exception);
            Abandon(batch, exception);
            _ended.TrySetException(exception);
        }
    }

    private void Step(List<Request> batch)
    {
        _now = _time.Now;
        var before = _journal.State;
        var working = before;
        var records = new List<JournalRecord>();
        var decisions = new Decision?[batch.Count];
        for (var index = 0; index < batch.Count;)
        {
            // Submissions that follow each other are planned once.
            var end = index + 1;
            while (end < batch.Count && batch[index].Command is SubmitJob && batch[end].Command is SubmitJob)
            {
                end++;
            }

            if (end - index == 1 || !TryDecideTogether(working, batch, index, decisions.AsSpan(index, end - index)))
            {
                end = index + 1;
                decisions[index] = Decide(working, batch[index]);
            }

            for (; index < end; index++)
            {
                if (decisions[index] is { } decision)
                {
                    records.AddRange(decision.Records);
                    working = decision.Records.Aggregate(working, Factory.Apply);
                }
            }
        }

        if (records.Count > 0)
        {
            var after = _journal.Append(records);
            Volatile.Write(ref _state, after);
            Stepped?.Invoke(after, FactoryEffects.Between(before, after));
            _journal.KeepSnapshot();
        }

        for (var index = 0; index < batch.Count; index++)
        {
            if (decisions[index] is { } decision)
            {
                batch[index].Done.TrySetResult(decision);
            }
        }
    }

    /// <summary>The newest time that a decision compares with.</summary>
    private static long Newest(FactoryState state) => Math.Max(
        state.Sites.Values.Select(site => site.HeardAt).DefaultIfEmpty().Max(),
        state.OpenJobs.Select(id => state.Jobs[id].SealedAt ?? 0).DefaultIfEmpty().Max());

    /// <returns>The decision; null where deciding failed, which is a bug: the command changes nothing, its sender is told, and all others go on.</returns>
    private Decision? Decide(FactoryState state, Request request)
    {
        try
        {
            return Factory.Accept(state, request.Command, _now);
        }
        catch (Exception exception)
        {
            ControlLog.DecisionFailed(_logger, request.Command.GetType().Name, exception);
            request.Done.TrySetException(exception);
            return null;
        }
    }

    /// <returns>False where deciding failed: each is decided by itself then, so that only the sender of the one at fault is told.</returns>
    private bool TryDecideTogether(FactoryState state, List<Request> batch, int first, Span<Decision?> decisions)
    {
        var submissions = new SubmitJob[decisions.Length];
        for (var index = 0; index < submissions.Length; index++)
        {
            submissions[index] = (SubmitJob)batch[first + index].Command;
        }

        try
        {
            Factory.AcceptAll(state, submissions, _now).CopyTo(decisions!);
            return true;
        }
        catch (Exception exception)
        {
            ControlLog.DecisionFailed(_logger, nameof(SubmitJob), exception);
            return false;
        }
    }

    private void Abandon(List<Request> batch, Exception exception)
    {
        _requests.Writer.TryComplete();
        var answer = exception as JournalException ?? new JournalException("The control plane has to end.", exception);
        foreach (var request in batch)
        {
            request.Done.TrySetException(answer);
        }

        while (_requests.Reader.TryRead(out var request))
        {
            request.Done.TrySetException(answer);
        }
    }

    private sealed record Request(FactoryCommand Command)
    {
        public TaskCompletionSource<Decision> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
