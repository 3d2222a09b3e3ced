using Superfactory.Sync.Bridge.Checkpoints;

namespace Superfactory.Sync.Bridge;

/// <summary>How a bridge ends: with its run, when nothing is left to write and nobody needs it, or because it was told to.</summary>
internal sealed partial class BridgeHost
{
    /// <summary>Ends what is open, in the order in which one thing uses the other: the shared memory last.</summary>
    private async Task LeaveAsync(BridgeEnd end)
    {
        _desk.Dismiss(end.Event is BridgeEvent.Failed failed ? failed.Reason : $"The bridge of {_configuration.Island} was stopped.");
        if (end.Event is not null)
        {
            await _peers.DrainAsync(_time);
        }

        await _peers.StopAsync(_time);
        await _transport.DisposeAsync();
        await _peers.WaitAsync(_time);
        await _closer.WaitAsync();
        Dispose();
    }

    /// <summary>Peers that were told that the run is over, and say nothing more, need nothing more.</summary>
    private void CloseWhenSilent() => _closed |= _quietSince is { } since && _time.GetElapsedTime(since) >= SilenceMax;

    /// <summary>The run's last checkpoint is written before its bridge ends.</summary>
    private void EndWhenOver()
    {
        if (!_closed || _end is not null)
        {
            return;
        }

        if (_clerk.HoldsEnd)
        {
            SaySaving();
            return;
        }

        _clerk.End();
        _reporter.Ended();
        var result = _desk.Results.For(_machine.Progress, _desk.Parameters)
            ?? throw new InvalidOperationException("The run is over, and this island's trainer has not finished.");
        _end = BridgeEnd.Finished(result);
    }

    private void SaySaving()
    {
        if (!_saving)
        {
            _saving = true;
            _events.Post(new BridgeEvent.Saving());
        }
    }
}
