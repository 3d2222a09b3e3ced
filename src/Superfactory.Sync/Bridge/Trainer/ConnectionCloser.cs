namespace Superfactory.Sync.Bridge.Trainer;

/// <summary>Lets connections end: what was answered may still be read, within bounds, while the bridge goes on. For one thread.</summary>
internal sealed class ConnectionCloser
{
    /// <summary>Connections that may be ending at once; further ones end without a last word.</summary>
    public const int EndingMax = 16;

    private readonly List<Task> _ending = [];

    /// <summary>Lets <paramref name="connection"/> end, as <see cref="TrainerConnection.CloseAsync"/> says.</summary>
    public void Close(TrainerConnection connection, bool trainerFirst = false)
    {
        _ending.RemoveAll(static task => task.IsCompletedSuccessfully);
        _ending.Add(_ending.Count < EndingMax ? connection.CloseAsync(trainerFirst) : connection.DisposeAsync().AsTask());
    }

    /// <summary>Completes when all have ended.</summary>
    public Task WaitAsync() => Task.WhenAll(_ending);
}
