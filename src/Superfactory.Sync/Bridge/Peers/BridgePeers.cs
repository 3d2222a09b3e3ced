using Superfactory.Model.Agents;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Bridge.Peers;

/// <summary>A bridge's peers: what arrives from them becomes inputs of the merge machine, what goes to them is queued. For one thread, apart from <see cref="SendAsync"/>.</summary>
internal sealed class BridgePeers : IDisposable
{
    /// <summary>How long a bridge that ends lets its last messages take.</summary>
    public static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(10);

    /// <summary>How long a message that a paused peer holds up may take to be given up: 2 seconds, in which a cancelled write returns many times over.</summary>
    public static readonly TimeSpan StopMax = TimeSpan.FromSeconds(2);

    private readonly IPeerTransport _transport;
    private readonly SortedDictionary<string, PeerSender> _senders = new(StringComparer.Ordinal);
    private readonly PeerSender[] _all;
    private readonly CancellationTokenSource _stopping = new();
    private RunEpoch? _placed;
    private Task _sending = Task.CompletedTask;

    /// <summary>The islands of <paramref name="epoch"/> other than <paramref name="self"/>.</summary>
    /// <param name="self">This bridge's island.</param>
    /// <param name="epoch">The membership.</param>
    /// <param name="transport">Reaches the others.</param>
    /// <param name="carried">Called, on any thread, when there is something for <see cref="TakeCarried"/> again.</param>
    public BridgePeers(string self, RunEpoch epoch, IPeerTransport transport, Action? carried = null)
    {
        _transport = transport;
        foreach (var island in epoch.Roster)
        {
            if (island != self)
            {
                _senders.Add(island, new PeerSender(island, transport, carried));
            }
        }

        _all = [.. _senders.Values];
    }

    /// <summary>Says to every peer that is up that this island is there.</summary>
    /// <param name="epoch">The membership, which says each peer's place.</param>
    /// <param name="saying">What is said to the peer at a place.</param>
    public void Beat(RunEpoch epoch, Func<int, AliveMessage> saying)
    {
        foreach (var sender in _all)
        {
            sender.Beat(saying(PlaceOf(sender, epoch)));
        }
    }

    /// <summary>Drops what waits for a peer that is up: it is of an epoch that is over.</summary>
    public void Drop(string island) => _senders[island].Renew();

    /// <summary>Asks the transport to tell when peers come and go.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        foreach (var island in _senders.Keys)
        {
            await _transport.WatchAsync(island, cancellationToken);
        }
    }

    /// <summary>Carries queued messages to the transport until <see cref="DrainAsync"/> or <see cref="StopAsync"/>. Called once.</summary>
    public Task SendAsync() => _sending = Task.WhenAll(_senders.Values.Select(sender => sender.RunAsync(_stopping.Token)));

    /// <summary>Takes what happened to a peer.</summary>
    /// <param name="happened">What.</param>
    /// <param name="epoch">The membership, which says the peer's place.</param>
    /// <param name="drive">Takes inputs for the merge machine.</param>
    public void Take(PeerEvent happened, RunEpoch epoch, Action<MergeInput> drive)
    {
        if (!_senders.TryGetValue(happened.Island, out var sender))
        {
            if (happened is PeerEvent.Refused stranger)
            {
                drive(new MergeInput.Refused(-1, stranger.Fault));
            }

            return;
        }

        var place = PlaceOf(sender, epoch);
        switch (happened)
        {
            case PeerEvent.Up:
                sender.Open();
                drive(new MergeInput.PeerUp(place));
                break;
            case PeerEvent.Down:
                sender.Close();
                drive(new MergeInput.PeerDown(place));
                break;
            case PeerEvent.Delivered delivered:
                var message = MergeMessageCodec.Read(delivered.Message);
                if (message.Succeeded)
                {
                    drive(new MergeInput.Received(place, message.Value));
                }
                else
                {
                    drive(new MergeInput.Refused(place, message.Problems[0].Message.TrimEnd('.')));
                }

                break;
            case PeerEvent.Refused refused:
                drive(new MergeInput.Refused(place, refused.Fault));
                break;
        }
    }

    /// <summary>Queues a message.</summary>
    /// <returns>False where the peer is so far behind that it will not catch up.</returns>
    public bool TrySend(string island, MergeMessage message) => _senders[island].TrySend(message);

    /// <summary>Tells the machine which chunks the transport has taken.</summary>
    public void TakeCarried(RunEpoch epoch, Action<MergeInput> drive)
    {
        foreach (var sender in _all)
        {
            if (sender.TakeCarried() is > 0 and var chunks)
            {
                drive(new MergeInput.Carried(PlaceOf(sender, epoch), chunks));
            }
        }
    }

    /// <summary>Lets the last messages leave, within <see cref="DrainMax"/>.</summary>
    public async Task DrainAsync(TimeProvider time)
    {
        foreach (var sender in _senders.Values)
        {
            sender.Complete();
        }

        await Task.WhenAny(_sending, Task.Delay(DrainMax, time));
    }

    /// <summary>Drops what is still queued. What a transport does not let go within <see cref="StopMax"/> ends with the transport.</summary>
    public async Task StopAsync(TimeProvider time)
    {
        await _stopping.CancelAsync();
        await Task.WhenAny(_sending, Task.Delay(StopMax, time));
    }

    /// <summary>The transport has ended: so does what was still sending.</summary>
    public Task WaitAsync(TimeProvider time) => Task.WhenAny(_sending, Task.Delay(StopMax, time));

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Dispose();
        foreach (var sender in _senders.Values)
        {
            sender.Dispose();
        }
    }

    /// <summary>A peer's place in the membership, which is looked for once: this is asked for every chunk.</summary>
    private int PlaceOf(PeerSender sender, RunEpoch epoch)
    {
        if (!ReferenceEquals(_placed, epoch))
        {
            _placed = epoch;
            foreach (var each in _all)
            {
                each.Place = BridgeConfiguration.IndexOf(epoch, each.Island);
            }
        }

        return sender.Place;
    }
}
