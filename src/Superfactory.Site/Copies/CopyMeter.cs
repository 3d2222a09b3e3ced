using Superfactory.Model.Copies;

namespace Superfactory.Site.Copies;

/// <summary>Counts how far a copy is. Thread-safe.</summary>
internal sealed class CopyMeter(TimeProvider clock)
{
    /// <summary>The rate is over about this long.</summary>
    private static readonly TimeSpan RateTime = TimeSpan.FromSeconds(3);

    /// <summary>Time between two looks at the rate at least.</summary>
    private static readonly TimeSpan RateSpacing = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private CopyProgress _progress = new();
    private (long Timestamp, long Bytes)? _seen;
    private double _rate;

    /// <summary>A file was found at the source.</summary>
    public void Found(long bytes)
    {
        lock (_lock)
        {
            _progress = _progress.Counted ? _progress : _progress with { Files = _progress.Files + 1, Bytes = _progress.Bytes + bytes };
        }
    }

    /// <summary>The source was looked through.</summary>
    public void Counted(long files, long bytes, long leftOut)
    {
        lock (_lock)
        {
            _progress = _progress with { Files = files, Bytes = bytes, LeftOut = leftOut, Counted = true };
        }
    }

    /// <summary>Bytes are at the destination: sent, or kept as they were.</summary>
    public void Took(long bytes, bool sent)
    {
        lock (_lock)
        {
            _progress = _progress with
            {
                BytesDone = _progress.BytesDone + bytes,
                BytesReceived = _progress.BytesReceived + (sent ? bytes : 0),
                BytesKept = _progress.BytesKept + (sent ? 0 : bytes),
            };
        }
    }

    /// <summary>A file is in place.</summary>
    public void Finished()
    {
        lock (_lock)
        {
            _progress = _progress with { FilesDone = _progress.FilesDone + 1 };
        }
    }

    /// <summary>A file is begun again.</summary>
    public void Lost(long bytes)
    {
        lock (_lock)
        {
            _progress = _progress with { BytesDone = _progress.BytesDone - bytes };
        }
    }

    /// <summary>How far it is now.</summary>
    public CopyProgress Read()
    {
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            if (_seen is not { } seen)
            {
                _seen = (now, _progress.BytesDone);
            }
            else if (clock.GetElapsedTime(seen.Timestamp, now) is var elapsed && elapsed >= RateSpacing)
            {
                // Exponential smoothing: what is older than the rate's time weighs less than e^-1.
                var share = 1 - Math.Exp(-elapsed / RateTime);
                var latest = Math.Max(0, _progress.BytesDone - seen.Bytes) / elapsed.TotalSeconds;
                _rate = _rate == 0 ? latest : _rate + (share * (latest - _rate));
                _seen = (now, _progress.BytesDone);
            }

            return _progress with { BytesPerSecond = (long)_rate };
        }
    }
}
