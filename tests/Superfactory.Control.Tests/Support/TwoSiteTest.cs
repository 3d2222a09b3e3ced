namespace Superfactory.Control.Tests.Support;

/// <summary>A control plane on a directory of its own, which wisconsin and atlanta have joined.</summary>
public abstract class TwoSiteTest : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();

    private protected ControlPlane Plane { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync()
    {
        Plane = await ControlPlane.StartAsync(_directory.Path);
        await Plane.JoinAsync("wisconsin");
        await Plane.JoinAsync("atlanta");
    }

    public async ValueTask DisposeAsync()
    {
        await Plane.DisposeAsync();
        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops the control plane and starts another on the same directory.</summary>
    private protected async Task RestartAsync()
    {
        await Plane.DisposeAsync();
        Plane = await ControlPlane.StartAsync(_directory.Path);
    }
}
