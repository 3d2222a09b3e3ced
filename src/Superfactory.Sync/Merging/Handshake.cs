using System.Collections.Immutable;
using Superfactory.Sync.Merging.Rounds;

namespace Superfactory.Sync.Merging;

/// <summary>
/// Opens and reopens conversations. A hello that is no answer asks for one; after it either side sends again whatever the other may have
/// missed, and the receiver passes over what it has. Every hello that is heard is followed by what chunks are here.
/// </summary>
internal sealed class Handshake(MergeState state, Action<Peer> resend, Action<Peer> have)
{
    private const string OneModel = " Islands train one model: start the same program with the same settings at each.";

    /// <summary>Greets a peer, where it can be reached and there is something to say.</summary>
    public void Greet(Peer peer)
    {
        peer.Established = false;
        if (peer.Up && state.Table is not null && state.TalksTo(peer))
        {
            peer.Greeted++;
            Say(peer, answer: false, peer.Greeted);
        }
    }

    public void GreetAll()
    {
        foreach (var peer in state.Peers)
        {
            Greet(peer);
        }
    }

    /// <summary>Whether a message of another protocol version was refused.</summary>
    public bool Refuse(Peer peer, HelloMessage hello)
    {
        if (hello.Protocol == MergeMessageCodec.ProtocolVersion)
        {
            return false;
        }

        state.Fail($"Island {state.NameOf(peer.Index)} speaks version {hello.Protocol} of the merge protocol and {state.NameOf(state.Self)} version {MergeMessageCodec.ProtocolVersion}: install the same version of Superfactory at both.");
        return true;
    }

    public void Take(Peer peer, HelloMessage hello)
    {
        if (state.Table is not { } table)
        {
            // The trainer has not registered; when it has, this island greets and the peer answers.
            return;
        }

        if (hello.Answer && hello.Greeting != peer.Greeted)
        {
            // It answers an earlier greeting. What it says before it has heard the last one it will say again: to hear it now would be to hear it twice.
            return;
        }

        var answered = peer.Established;
        (peer.Hello, peer.Heard) = (hello, hello.Number);
        if (hello.Initialised && hello.Round - 1 >= peer.Applied)
        {
            (peer.Applied, peer.AppliedHash) = (hello.Round - 1, hello.StateHash);
        }

        peer.Conversation++;
        if (!hello.Answer)
        {
            Say(peer, answer: true, hello.Greeting);
        }

        if (hello.TableHash != table.Hash)
        {
            peer.Differs = true;
            state.SendPieces(peer, StreamKind.Table, table.Bytes);
            return;
        }

        peer.Established = true;
        if (!hello.Answer || !answered)
        {
            resend(peer);
        }

        have(peer);
    }

    /// <summary>A piece of the table of a peer whose model is another one; with the last the run fails and the first difference is named.</summary>
    public void Take(Peer peer, PieceMessage piece)
    {
        if (!peer.Differs || state.Table is not { } table)
        {
            return;
        }

        if (piece.Offset == 0 && TensorTable.LengthOf(piece.Bytes.Span) is { } length)
        {
            peer.Table = new PieceAssembly(length);
        }

        switch (peer.Table?.Accept(piece))
        {
            case PieceVerdict.Complete:
                FailFor(peer, table, TensorTable.FromBytes(peer.Table.Bytes));
                break;
            case PieceVerdict.Taken:
                break;
            default:
                state.Fault(peer, "a piece of its tensor table out of its order or beyond its end");
                break;
        }
    }

    private void FailFor(Peer peer, TensorTable table, ImmutableArray<TensorEntry>? theirs)
    {
        var (mine, other) = (state.NameOf(state.Self), state.NameOf(peer.Index));
        state.Fail(theirs is not { } entries ? $"Islands {mine} and {other} register different tensors."
            : peer.Index < state.Self ? TensorTable.Difference(other, entries, mine, table.Entries) + OneModel
            : TensorTable.Difference(mine, table.Entries, other, entries) + OneModel);
    }

    private void Say(Peer peer, bool answer, int greeting)
    {
        peer.Said++;
        peer.SaidRound = state.Initialised ? state.History.Round : 0;
        peer.Lane!.Open = false;
        state.Send(peer, new HelloMessage
        {
            Protocol = MergeMessageCodec.ProtocolVersion,
            Answer = answer,
            Greeting = greeting,
            Number = peer.Said,
            Initialised = state.Initialised,
            Round = peer.SaidRound,
            TableHash = state.Table!.Hash,
            StateHash = state.Initialised ? state.CommonHash : 0,
        });
    }
}
