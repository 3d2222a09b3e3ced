namespace Superfactory.Sync.Merging;

/// <content>What is said in a conversation that begins.</content>
public sealed partial class MergeMachine
{
    /// <summary>A hello was heard: the peer sends what chunks are not here.</summary>
    private void Have(Peer peer)
    {
        if (peer.Hears && _state.Initialised && AreMembers(peer))
        {
            _exchange.Sender.SendHave(peer);
        }
    }

    /// <summary>A conversation began: what the peer may have missed goes out again.</summary>
    private void Resend(Peer peer)
    {
        (peer.Fetch, peer.Stream) = (null, null);
        _dealing.Resend(peer);
        _applier.Announce(peer);
        _fetcher.Resend(peer);
        if (AreMembers(peer))
        {
            if (peer.Hears && _state.Initialised)
            {
                _attempts.Resend(peer);
                _exchange.Resend(peer);
            }

            _finale.Resend(peer);
        }
    }

    private bool AreMembers(Peer peer) => _state.SelfIsMember && _state.IsMember(peer.Index);
}
