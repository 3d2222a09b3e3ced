using Microsoft.Win32.SafeHandles;
using Superfactory.Site.Copies.Files;
using Superfactory.Site.Copies.Wire;
using Superfactory.Site.Interop;

namespace Superfactory.Site.Copies.Receiving;

/// <summary>Where a chunk is that the destination holds already.</summary>
internal enum ChunkOrigin : byte
{
    /// <summary>Nowhere; or it has arrived, and is in the partial file.</summary>
    None,

    /// <summary>In the partial file that an earlier attempt left.</summary>
    Partial,

    /// <summary>In the file that stands at the place.</summary>
    Existing,
}

/// <summary>
/// A file that is being received. It grows beside its place, in a partial file that no reader of the place sees, and is moved there when
/// every chunk is there and the source did not change. What the place or an earlier partial file holds already is not sent again.
/// Writing is thread-safe; preparing and completing are for one caller, before and after.
/// </summary>
internal sealed class IncomingFile(CopyEntry entry, string path) : IDisposable
{
    private readonly Lock _lock = new();
    private byte[] _origins = [];
    private SafeFileHandle? _existing;
    private FileStatus _existingStatus;
    private SafeFileHandle? _partial;
    private FileStatus _status = entry.Status;
    private long _left;
    private int _owed;
    private bool _unchanged;
    private bool _differs;

    /// <summary>Held while an answer is taken, so that none of an earlier attempt gets into a later one.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Names it.</summary>
    public long Id => entry.Id;

    /// <summary>Where it goes.</summary>
    public string Path => path;

    /// <summary>What the source is like.</summary>
    public FileStatus Status => _status;

    /// <summary>Which attempt goes on, from 1.</summary>
    public int Attempt { get; private set; } = 1;

    /// <summary>How it is cut.</summary>
    public ChunkPlan Plan => new(_status.Size);

    /// <summary>Whether it has its place among the large files that are received at the same time.</summary>
    public bool HasPlace { get; set; }

    /// <summary>Bytes that have arrived, or are kept, in this attempt.</summary>
    public long BytesTaken { get; private set; }

    /// <summary>Whether anything that it may be made of is here already.</summary>
    public bool HoldsAny => _existing is not null || _partial is not null;

    /// <summary>Opens what is here already.</summary>
    /// <param name="there">What stands at the place.</param>
    public void Prepare(FileStatus there)
    {
        (_left, _unchanged, _differs, BytesTaken) = (Plan.Count, false, false, 0);
        if (there is { Kind: FileKind.File, Size: > 0 } && TryOpenExisting())
        {
            _existingStatus = FileStatus.Of(_existing!);
        }

        if (FileStatus.Of(SafePath.Partial(path), follow: false).Kind != FileKind.Missing)
        {
            OpenPartial();
        }

        _origins = HoldsAny ? new byte[Plan.Count] : [];
    }

    /// <summary>Looks at what is here of a chunk.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="scratch">Room for a chunk.</param>
    /// <param name="hash">The hash of what is here.</param>
    /// <returns>Whether anything is.</returns>
    public bool TryHash(long chunk, Span<byte> scratch, out ChunkHash hash)
    {
        hash = default;
        var (offset, length) = (ChunkPlan.Offset(chunk), Plan.Length(chunk));
        var bytes = scratch[..length];
        if (_partial is { } partial && NativeFiles.NextData(partial, offset) < offset + length && ChunkFile.TryRead(partial, bytes, offset))
        {
            _origins[chunk] = (byte)ChunkOrigin.Partial;
        }
        else if (_existing is { } existing && _existingStatus.Size >= offset + length)
        {
            _origins[chunk] = (byte)ChunkOrigin.Existing;
            if (NativeFiles.NextData(existing, offset) >= offset + length)
            {
                hash = ChunkHash.Zeros(length);
                return true;
            }

            if (!ChunkFile.TryRead(existing, bytes, offset))
            {
                _origins[chunk] = (byte)ChunkOrigin.None;
                return false;
            }
        }
        else
        {
            return false;
        }

        hash = ChunkHash.Of(bytes);
        return true;
    }

    /// <summary>Whether the source was told of something that is here of a chunk.</summary>
    public bool IsHeld(long chunk) => _origins.Length > 0 && _origins[chunk] != (byte)ChunkOrigin.None;

    /// <summary>Takes note that something of it is asked for.</summary>
    public void Owe(int units) => Interlocked.Add(ref _owed, units);

    /// <summary>How many of a run of chunks were asked for with their hash, and are answered now.</summary>
    public int Repay(long first, long count)
    {
        var held = 0;
        for (var chunk = first; _origins.Length > 0 && chunk < first + count; chunk++)
        {
            held += IsHeld(chunk) ? 1 : 0;
        }

        Interlocked.Add(ref _owed, -held);
        return held;
    }

    /// <summary>Whatever it still owes, as everything is answered.</summary>
    public int RepayAll() => Interlocked.Exchange(ref _owed, 0);

    /// <summary>Writes a chunk that arrived.</summary>
    /// <returns>Whether that was the last thing missing.</returns>
    public bool Write(long chunk, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(OpenPartial(), bytes, ChunkPlan.Offset(chunk));
        return Take(chunk, 1, isHere: false);
    }

    /// <summary>Makes a run of chunks zeros.</summary>
    /// <returns>Whether that was the last thing missing.</returns>
    public bool WriteZeros(long first, long count)
    {
        ChunkFile.WriteZeros(OpenPartial(), ChunkPlan.Offset(first), Plan.Length(first, count));
        return Take(first, count, isHere: false);
    }

    /// <summary>Keeps a run of chunks.</summary>
    /// <returns>Whether that was the last thing missing.</returns>
    /// <exception cref="CopyProtocolException">Nothing is here of one of them.</exception>
    public bool Keep(long first, long count)
    {
        for (var chunk = first; chunk < first + count; chunk++)
        {
            if (!IsHeld(chunk))
            {
                throw new CopyProtocolException($"Chunk {chunk} of file {Id} cannot be the same as something that is not there.");
            }
        }

        return Take(first, count, isHere: true);
    }

    /// <summary>The source says that everything is answered and that it did not change.</summary>
    /// <returns>Whether that was the last thing missing.</returns>
    public bool Unchanged()
    {
        lock (_lock)
        {
            _unchanged = true;
            return _left == 0;
        }
    }

    /// <summary>Begins again, as the source has changed. What has arrived is held from now on like anything else.</summary>
    public void Restart(FileStatus status)
    {
        Close();
        _status = status;
        Attempt++;
    }

    /// <summary>Moves the file to its place, or leaves the one that is there where nothing differs.</summary>
    /// <param name="writesOut">Whether the disk is to have the content before the place shows it.</param>
    /// <exception cref="CopyFault">Something else has written to the place meanwhile.</exception>
    public void Complete(bool writesOut)
    {
        if (!_differs && _existing is not null && _existingStatus.Size == _status.Size)
        {
            var hadPartial = _partial is not null;
            if (writesOut)
            {
                // An earlier attempt may have written it and not come to this.
                RandomAccess.FlushToDisk(_existing);
            }

            Close();
            if (hadPartial)
            {
                File.Delete(SafePath.Partial(path));
            }

            Dress(path);
            return;
        }

        var partial = OpenPartial();
        TakeFromExisting(partial);
        Dress(SafePath.Partial(path));
        if (writesOut)
        {
            RandomAccess.FlushToDisk(partial);
        }

        Close();
        File.Move(SafePath.Partial(path), path, overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private bool Take(long first, long count, bool isHere)
    {
        var bytes = Plan.Length(first, count);
        lock (_lock)
        {
            for (var chunk = first; chunk < first + count; chunk++)
            {
                _differs |= !isHere || _origins[chunk] != (byte)ChunkOrigin.Existing;
                if (!isHere && _origins.Length > 0)
                {
                    _origins[chunk] = (byte)ChunkOrigin.None;
                }
            }

            BytesTaken += bytes;
            _left -= count;
            if (_left < 0)
            {
                throw new CopyProtocolException($"More chunks of file {Id} came than it has.");
            }

            return _left == 0 && _unchanged;
        }
    }

    private bool TryOpenExisting()
    {
        try
        {
            _existing = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            // What may not be read is replaced as a whole.
            return false;
        }
    }

    private SafeFileHandle OpenPartial()
    {
        lock (_lock)
        {
            if (_partial is not null)
            {
                return _partial;
            }

            var partial = SafePath.Partial(path);
            var kind = FileStatus.Of(partial, follow: false).Kind;
            if (kind is not (FileKind.Missing or FileKind.File))
            {
                throw new CopyFault($"{partial} stands where a part of the copy is to be written, and is no file. Remove it.");
            }

            try
            {
                if (kind == FileKind.Missing)
                {
                    using var made = new FileStream(partial, New());
                }

                // Held against every other copy to the same place, of this agent or another, for as long as it is open.
                _partial = File.OpenHandle(partial, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException exception) when (File.Exists(partial) && exception.HResult != NativeFiles.NoSpace)
            {
                throw new CopyFault($"{partial} is in use: another copy writes to {path}.", exception);
            }

            RandomAccess.SetLength(_partial, _status.Size);
            return _partial;
        }
    }

    private static FileStreamOptions New()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = FileStatus.PartialMode;
        }

        return options;
    }

    private void TakeFromExisting(SafeFileHandle partial)
    {
        if (_existing is null)
        {
            return;
        }

        var bytes = new byte[CopyLimits.ChunkBytes];
        for (var chunk = 0L; chunk < Plan.Count; chunk++)
        {
            var (offset, length) = (ChunkPlan.Offset(chunk), Plan.Length(chunk));
            if (_origins[chunk] != (byte)ChunkOrigin.Existing || NativeFiles.NextData(_existing, offset) >= offset + length)
            {
                continue;
            }

            if (!ChunkFile.TryRead(_existing, bytes.AsSpan(0, length), offset))
            {
                break;
            }

            RandomAccess.Write(partial, bytes.AsSpan(0, length), offset);
        }

        if (!FileStatus.Of(_existing).IsSameContent(_existingStatus))
        {
            throw new CopyFault($"{path} was written to by something else while it was copied to. Copy again when nothing changes there.");
        }
    }

    /// <summary>Gives a file the permissions and the time of the source.</summary>
    private void Dress(string file)
    {
        DestinationTree.SetMode(file, _status.Mode);
        NativeFiles.SetModified(file, _status.Seconds, _status.Nanoseconds);
    }

    private void Close()
    {
        _existing?.Dispose();
        _partial?.Dispose();
        (_existing, _partial) = (null, null);
    }
}
