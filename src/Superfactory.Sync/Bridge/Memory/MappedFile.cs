using System.IO.MemoryMappedFiles;

namespace Superfactory.Sync.Bridge.Memory;

/// <summary>
/// A file mapped into this process as a whole. Where nobody disposes it, it is unmapped when the last memory over it is collected.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _pointer;
    private bool _disposed;

    /// <summary>Maps <paramref name="file"/> and takes it over.</summary>
    public MappedFile(FileStream file, MemoryMappedFileAccess access)
    {
        Bytes = file.Length;
        if (Bytes == 0)
        {
            // The system maps no empty file; there is nothing to see in one either.
            file.Dispose();
            return;
        }

        _map = MemoryMappedFile.CreateFromFile(file, mapName: null, capacity: 0, access, HandleInheritability.None, leaveOpen: false);
        _view = _map.CreateViewAccessor(0, Bytes, access);
        var pointer = (byte*)null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        _pointer = pointer + _view.PointerOffset;
    }

    /// <summary>The file's size.</summary>
    public long Bytes { get; }

    /// <summary>Where it begins in this process.</summary>
    /// <exception cref="ObjectDisposedException">It is unmapped.</exception>
    public byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _pointer;
        }
    }

    /// <summary>Maps the file at <paramref name="path"/> for reading.</summary>
    public static MappedFile OpenRead(string path) =>
        new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0), MemoryMappedFileAccess.Read);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _view?.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _map?.Dispose();
    }
}
