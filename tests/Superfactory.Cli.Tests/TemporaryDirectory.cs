namespace Superfactory.Cli.Tests;

/// <summary>A directory that is gone after the test.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("superfactory-test-").FullName;

    public string Combine(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    public string Write(string file, string text)
    {
        var path = Combine(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
