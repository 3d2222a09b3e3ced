using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Sync.Merging.Transfer;
using Superfactory.Sync.Merging.Trainer;

namespace Superfactory.Sync.Merging;

/// <content>What it takes of its trainer's model, and what the lanes of an island do together.</content>
public sealed partial class MergeMachine
{
    private TensorTable? _registered;

    private void Register(ImmutableArray<TensorEntry> tensors, MergeBuffers buffers)
    {
        if (TensorTable.Create(tensors, out var problem) is not { } table)
        {
            _state.Fail($"{_state.NameOf(_state.Self)}: {problem}");
            return;
        }

        if (_state.Table is { } before && before.Hash != table.Hash)
        {
            _state.Fail(TensorTable.Difference($"{_state.NameOf(_state.Self)} before its restart", before.Entries, $"{_state.NameOf(_state.Self)} after it", tensors));
            return;
        }

        // Memory may be mapped in whole pages; only what the tensors take is used.
        var (count, statics) = (table.ParameterSizes.Sum(), (int)table.StaticsBytes);
        _state.Buffers = new MergeBuffers(buffers.Local[..count], buffers.Merged[..count], buffers.Statics[..statics]);
        _seat.Phase = TrainerPhase.Ready;
        if (_state.Table is null && _registered is null)
        {
            if (_state.Refuse(table) is { } why)
            {
                _state.Fail(why);
                return;
            }

            _registered = table;
            _state.Lanes.Register(_state.FragmentsOf(table));
            CompleteRegistration();
        }
    }

    /// <summary>The model is known when its trainer and those of the other lanes have registered: a header has the norms of all.</summary>
    private void CompleteRegistration()
    {
        if (_state.Failed || _state.Table is not null || _registered is not { } table || !_state.Lanes.Registered)
        {
            return;
        }

        if (_state.Lanes.Any && _state.Lanes.Fragments > MergeLimits.FragmentsMax)
        {
            _state.Fail($"The lanes of {_state.NameOf(_state.Self)} have {_state.Lanes.Fragments} fragments together, over {MergeLimits.FragmentsMax}: set sync.fragments lower.");
            return;
        }

        _state.Lanes.Place();
        _state.Register(table);
        _exchange.Prepare();
        _restore.TryInstall();
        _handshake.GreetAll();
    }

    /// <summary>
    /// The next epoch starts from a round that this island holds in all its lanes, though not every lane has applied it. What the others were ready for
    /// this lane has heard by now, for they said so before they promised; where not all were, all of them fetch it.
    /// </summary>
    private void CatchUp(RunEpoch epoch)
    {
        if (!_state.Lanes.Any || epoch.Number <= _state.Epoch.Number)
        {
            return;
        }

        if (epoch.Number == _state.Epoch.Number + 1 && _state is { SelfIsMember: true, Initialised: true, Sealed: true } && epoch.Start > _state.History.Round && _state.Lanes.AllReady)
        {
            if (_state.Lanes.TakeHeld() is { } held)
            {
                _needs.Install(held);
            }
            else
            {
                _applier.Apply();
            }
        }

        _state.Lanes.TakeHeld();
    }

    /// <summary>Keeps a round's result that a peer gave whole until the other lanes have theirs: an island that is lost meanwhile holds a round in all lanes or in none.</summary>
    private bool TryHold(ArrivedState arrived)
    {
        if (!_state.Lanes.Any || !_state.Initialised || arrived.Kind != FetchKind.Replica || arrived.Round != _state.History.Round + 1)
        {
            return false;
        }

        _state.Lanes.Hold(arrived);
        return true;
    }

    private bool TryInstallHeld()
    {
        if (_state.Lanes.Held is null || _state.Sealed || !_state.Lanes.AllReady)
        {
            return false;
        }

        _needs.Install(_state.Lanes.TakeHeld()!);
        return true;
    }
}
