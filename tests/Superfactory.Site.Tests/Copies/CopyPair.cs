using System.Threading.Channels;
using Superfactory.Model.Copies;
using Superfactory.Site.Copies;
using Superfactory.Site.Copies.Receiving;
using Superfactory.Site.Copies.Sending;
using Superfactory.Site.Copies.Wire;
using Superfactory.Wan;

namespace Superfactory.Site.Tests.Copies;

/// <summary>
/// Both ends of a copy joined in memory, as two gateways would: bounded, and with unordered messages delivered in an order that the seed
/// draws. Either end can be killed after any number of messages; what it had in memory is gone then.
/// </summary>
internal sealed class CopyPair(string source, string destination, int seed = 0)
{
    private const int MessagesUnderWayMax = 8;

    private readonly Random _random = new(seed);

    /// <summary>What the destination said last.</summary>
    public CopyProgress Progress { get; private set; } = new();

    /// <summary>Sees every message to the destination, and may change it.</summary>
    public Func<byte[], byte[]>? OnTheWay { get; set; }

    /// <summary>Copies once, from meeting to end.</summary>
    /// <param name="killAfter">Ends both ends after this many messages, if they are not done before.</param>
    /// <returns>How each end ended.</returns>
    public async Task<(CopySessionEnd Source, CopySessionEnd Destination)> RunAsync(int killAfter = int.MaxValue)
    {
        var (toDestination, toSource) = (new Wire(this), new Wire(this));
        var sourceSession = new SourceSession(toDestination, new CopyPlace("wisconsin", source), Path.GetTempPath());
        var destinationSession = new DestinationSession(toSource, new CopyPlace("atlanta", destination), Path.GetTempPath(), TimeProvider.System);
        var carried = 0;
        var kill = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        destinationSession.Start();
        sourceSession.Start();
        var carrying = Task.WhenAll(
            CarryAsync(toSource, sourceSession, () => Count(ref carried, killAfter, kill)),
            CarryAsync(toDestination, destinationSession, () => Count(ref carried, killAfter, kill)));
        await Task.WhenAny(Task.WhenAll(sourceSession.Ended, destinationSession.Ended), kill.Task).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        toSource.Close();
        toDestination.Close();
        await carrying;
        Progress = destinationSession.Progress!;
        await Task.WhenAll(sourceSession.DisposeAsync().AsTask(), destinationSession.DisposeAsync().AsTask());
        return (await sourceSession.Ended, await destinationSession.Ended);
    }

    /// <summary>Copies once and expects both ends to complete.</summary>
    public async Task CompleteAsync()
    {
        var (sourceEnd, destinationEnd) = await RunAsync();
        destinationEnd.ShouldBe(CopySessionEnd.Completed, destinationEnd.Reason);
        sourceEnd.ShouldBe(CopySessionEnd.Completed, sourceEnd.Reason);
    }

    private static void Count(ref int carried, int killAfter, TaskCompletionSource kill)
    {
        if (Interlocked.Increment(ref carried) >= killAfter)
        {
            kill.TrySetResult();
        }
    }

    private static async Task CarryAsync(Wire wire, CopySessionBase session, Action counted)
    {
        await foreach (var message in wire.Messages())
        {
            if (!session.Ended.IsCompleted)
            {
                await session.TakeAsync(new CopyPacket(message, static () => { }));
                counted();
            }
        }
    }

    private sealed class Wire(CopyPair pair) : ICopyLine
    {
        private readonly Channel<(MessageOrder Order, byte[] Message)> _channel = Channel.CreateBounded<(MessageOrder, byte[])>(MessagesUnderWayMax);

        public async ValueTask<bool> SendAsync(MessageOrder order, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
        {
            try
            {
                await _channel.Writer.WriteAsync((order, message.ToArray()), cancellationToken);
                return true;
            }
            catch (ChannelClosedException)
            {
                return false;
            }
        }

        public void Close() => _channel.Writer.TryComplete();

        public async IAsyncEnumerable<byte[]> Messages()
        {
            var held = new List<byte[]>();
            while (await _channel.Reader.WaitToReadAsync(CancellationToken.None))
            {
                while (_channel.Reader.TryRead(out var next))
                {
                    if (next.Order == MessageOrder.Unordered)
                    {
                        held.Add(pair.Change(next.Message));
                        if (pair.Draw(2) == 0)
                        {
                            continue;
                        }
                    }

                    for (; held.Count > 0; held.RemoveAt(0))
                    {
                        var index = pair.Draw(held.Count);
                        (held[0], held[index]) = (held[index], held[0]);
                        yield return held[0];
                    }

                    if (next.Order == MessageOrder.Ordered)
                    {
                        yield return pair.Change(next.Message);
                    }
                }

                foreach (var message in held)
                {
                    yield return message;
                }

                held.Clear();
            }
        }
    }

    private int Draw(int below)
    {
        lock (_random)
        {
            return _random.Next(below);
        }
    }

    private byte[] Change(byte[] message) => OnTheWay is { } change && message[0] == (byte)CopyMessageType.Answers ? change(message) : message;
}
