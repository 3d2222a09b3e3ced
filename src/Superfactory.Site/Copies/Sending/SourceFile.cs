using Microsoft.Win32.SafeHandles;
using Superfactory.Site.Copies.Files;
using Superfactory.Site.Copies.Wire;

namespace Superfactory.Site.Copies.Sending;

/// <summary>
/// A file that is being sent: open from the first chunk that is asked for until all are answered, and compared at both times with what
/// the destination was told of it. Thread-safe.
/// </summary>
internal sealed class SourceFile(CopyEntry entry, string path) : IDisposable
{
    private readonly Lock _lock = new();
    private FileStatus _told = entry.Status;
    private SafeFileHandle? _handle;
    private long _unanswered;
    private bool _last;
    private bool _changed;

    /// <summary>Names it.</summary>
    public long Id => entry.Id;

    /// <summary>Where it is.</summary>
    public string Path => path;

    /// <summary>Which attempt at it goes on; 0 before the first.</summary>
    public int Attempt { get; private set; }

    /// <summary>How it is cut, by what the destination was told of it.</summary>
    public ChunkPlan Plan
    {
        get
        {
            lock (_lock)
            {
                return new ChunkPlan(_told.Size);
            }
        }
    }

    /// <summary>Takes note of a request.</summary>
    /// <exception cref="CopyProtocolException">There are no such chunks, or the attempt is over.</exception>
    public void Ask(in RequestHead head)
    {
        lock (_lock)
        {
            if (head.Attempt > Attempt)
            {
                Close();
                (Attempt, _unanswered, _last, _changed) = (head.Attempt, 0, false, false);
            }

            if (head.Attempt != Attempt || _last || !new ChunkPlan(_told.Size).Holds(head.First, head.Count))
            {
                throw new CopyProtocolException($"Chunks {head.First} to {head.First + head.Count - 1} of file {head.File} cannot be asked for in attempt {head.Attempt}.");
            }

            _unanswered += head.Count;
            _last = head.IsLast;
        }
    }

    /// <summary>The open file; null where it has changed since the destination was told of it.</summary>
    /// <exception cref="CopyFault">It is gone.</exception>
    public SafeFileHandle? Open()
    {
        lock (_lock)
        {
            if (_changed || _handle is not null)
            {
                return _changed ? null : _handle;
            }

            try
            {
                _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
            }
            catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
            {
                throw new CopyFault($"{path} was deleted while it was copied. Copy again when nothing changes there.", exception);
            }

            _changed = !FileStatus.Of(_handle).IsSameContent(_told);
            return _changed ? null : _handle;
        }
    }

    /// <summary>A chunk could not be read as long as it was.</summary>
    public void HasChanged()
    {
        lock (_lock)
        {
            _changed = true;
        }
    }

    /// <summary>Takes note that chunks are answered.</summary>
    /// <returns>Whether all are; and what the file is like now, where it changed.</returns>
    public (bool All, FileStatus? Changed) Answered(long count)
    {
        lock (_lock)
        {
            _unanswered -= count;
            if (_unanswered > 0 || !_last)
            {
                return (false, null);
            }

            _changed |= _handle is not null && !FileStatus.Of(_handle).IsSameContent(_told);
            Close();
            if (!_changed)
            {
                return (true, null);
            }

            _told = FileStatus.Of(path, follow: false);
            return _told.Kind == FileKind.File
                ? (true, _told)
                : throw new CopyFault($"{path} was deleted or replaced while it was copied. Copy again when nothing changes there.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            Close();
        }
    }

    private void Close()
    {
        _handle?.Dispose();
        _handle = null;
    }
}
